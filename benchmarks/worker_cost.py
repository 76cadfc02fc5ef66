"""What the guard adds to a worker: memory, and time until it is ready."""

from __future__ import annotations

import random
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Arm, Fleet
from benchmarks.numbers import spread_of_median

if TYPE_CHECKING:
    from tests.support.processes import LocalProcess

__all__ = ["measure"]

_SETTLE_SECONDS = 8.0
"""After "ready." the agent renews, the witness asks, and housekeeping goes its first round: their memory
counts too."""
_CHANCE = random.Random(0)
DRIVER = "sqlite3"
"""The database driver, which an app with a database has loaded anyway: its library alone is 1.2 MB."""

_WHAT = (
    ("rss", "RSS, main process", "MB", 3.0),
    ("pss_all", "PSS, main process and child", "MB", None),
    ("rss_child", "RSS, pool child", "MB", None),
    ("ready", "time to “ready.”", "ms", 100.0),
    ("cpu", "processor time to “ready.”", "ms", None),
)


_BESIDE = {
    "plain": "than without the guard",
    "off": "than with the guard installed and off: the agent",
    "driver": "than without the guard and with its database driver",
}


def measure(*, quick: bool) -> Result:
    """Start the same app in turn with the guard, without, with it off, and without but with its driver."""
    settled, more = (2, 2) if quick else (5, 25)
    with Fleet() as fleet:
        arms = {
            "guard": fleet.arm(1, guarded=True),
            "plain": fleet.arm(0, guarded=False),
            "driver": fleet.arm(2, guarded=False, BENCH_IMPORTS=DRIVER),
            "off": fleet.arm(3, guarded=True, MAINTENANCE_MODE_ENABLED="false"),
        }
        _start(arms["guard"])  # fills the page cache, writes .pyc files, makes the database
        seen: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
        for number in range(settled + more):
            for name in _CHANCE.sample(list(arms), len(arms)):
                seen[name].append(_start(arms[name], settle=number < settled))
    figures = []
    for key, name, unit, limit in _WHAT:
        for other, words in _BESIDE.items():
            pairs = zip(seen["guard"], seen[other], strict=True)
            added = [ours[key] - theirs[key] for ours, theirs in pairs if key in ours]
            figures.append(
                Figure(
                    name=f"{name}: more {words}",
                    value=median(added),
                    interval=spread_of_median(added),
                    unit=unit,
                    beside=median(start[key] for start in seen[other] if key in start),
                    beside_is="all of that worker",
                    target=at_most(limit) if limit and other != "driver" else None,
                )
            )
    return Result(
        title=f"What the guard adds to a prefork worker with one child: {settled + more} starts of each",
        figures=figures,
        notes=[
            "medians of the differences of starts that ran side by side, in brackets their 95 % interval",
            f"memory: of {settled} starts, {_SETTLE_SECONDS:g} s after “ready.”",
            f"driver: {DRIVER}; an app that has it loaded pays only the third line of each",
            "off: MAINTENANCE_MODE_ENABLED=false, which loads no more than `install` needs to find that out",
        ],
        raw=dict(seen),
    )


def _start(arm: Arm, *, settle: bool = True) -> dict[str, float]:
    """One start of a prefork worker with one child, and what it took."""
    begun = time.monotonic()
    process = arm.worker()
    at, used = arm.ready(process)
    took = {"ready": (at - begun) * 1000, "cpu": used * 1000}
    if not settle:
        process.kill()
        return took
    time.sleep(_SETTLE_SECONDS)
    (child,) = (child.pid for child in process.children())
    main_memory, child_memory = _memory(process), _memory(child)
    process.kill()  # in order it would take a second longer
    return {
        **took,
        "rss": main_memory["Rss"],
        "rss_child": child_memory["Rss"],
        "pss_all": main_memory["Pss"] + child_memory["Pss"],
    }


def _memory(process: LocalProcess | int) -> dict[str, float]:
    """MB by the kernel's own sums."""
    pid = process if isinstance(process, int) else process.pid
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    return {name: int(rest.split()[0]) / 1024 for name, rest in (line.split(":") for line in lines)}
