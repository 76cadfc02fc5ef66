"""What the guard adds to a worker: memory, and time until it is ready."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Arm, Fleet

if TYPE_CHECKING:
    from tests.support.processes import LocalProcess

__all__ = ["measure"]

_SETTLE_SECONDS = 1.5
"""After "ready." the agent renews and the witness asks; their memory counts too."""


def measure(*, quick: bool) -> Result:
    """Start the same app with and without the guard in turn."""
    starts = 3 if quick else 9
    with Fleet() as fleet:
        arms = {"guard": fleet.arm(1, guarded=True), "plain": fleet.arm(0, guarded=False)}
        for arm in arms.values():
            _start(arm)  # fills the page cache, writes .pyc files, makes the database
        seen: dict[str, list[dict[str, float]]] = {"guard": [], "plain": []}
        for _ in range(starts):
            for name, arm in arms.items():
                seen[name].append(_start(arm))
    figures = []
    for key, name, unit, limit in (
        ("rss", "RSS added, main process", "MB", 3.0),
        ("pss_all", "PSS added, main and children", "MB", None),
        ("rss_child", "RSS added, pool child", "MB", None),
        ("ready", "start time added, to “ready.”", "ms", 100.0),
        ("cpu", "processor time added, to “ready.”", "ms", None),
    ):
        added = [ours[key] - theirs[key] for ours, theirs in zip(seen["guard"], seen["plain"], strict=True)]
        figures.append(
            Figure(
                name=name,
                value=median(added),
                unit=unit,
                beside=median(start[key] for start in seen["plain"]),
                beside_is="all of a worker without",
                target=at_most(limit) if limit else None,
            )
        )
    return Result(
        title=f"What the guard adds to a worker ({starts} starts of each, in turn; medians)",
        figures=figures,
        raw={name: runs for name, runs in seen.items()},
    )


def _start(arm: Arm) -> dict[str, float]:
    """One start of a prefork worker with one child, and what it took."""
    begun = time.monotonic()
    process = arm.worker()
    at, used = arm.ready(process)
    time.sleep(_SETTLE_SECONDS)
    (child,) = (child.pid for child in process.children())
    main_memory, child_memory = _memory(process), _memory(child)
    process.terminate()
    return {
        "ready": (at - begun) * 1000,
        "cpu": used * 1000,
        "rss": main_memory["Rss"],
        "rss_child": child_memory["Rss"],
        "pss_all": main_memory["Pss"] + child_memory["Pss"],
    }


def _memory(process: LocalProcess | int) -> dict[str, float]:
    """MB by the kernel's own sums."""
    pid = process if isinstance(process, int) else process.pid
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    return {name: int(rest.split()[0]) / 1024 for name, rest in (line.split(":") for line in lines)}
