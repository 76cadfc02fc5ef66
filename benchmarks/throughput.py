"""Publishing and executing with the guard and without: the same app, rounds in turn."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from itertools import chain, product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from benchmarks.figures import Figure, Result, at_least
from benchmarks.fleet import Arm, Fleet
from benchmarks.noop import MARKS, QUEUE, SHELF
from benchmarks.numbers import ratio_by_process
from tests.support.processes import SETPRIV

if TYPE_CHECKING:
    from tests.support.processes import LocalProcess

__all__ = ["measure", "processor_seconds"]

_ROUND_SECONDS = 60
_BLOCK_SECONDS = 4  # less than the client's own timeout
_WARM_UP = 500
_ARMS = ("guard", "plain", "control")
"""The control is a second app without the guard: what it differs by is noise."""
_CHANCE = random.Random(0)
_Seen = dict[tuple[str, str, str], list[list[float]]]
"""Of each arm, task and key: for each set of processes, its rounds."""
_KEYS = {
    "publish": "published per second",
    "execute": "executed per second",
    "publish_cpu": "published per second of processor",
    "execute_cpu": "executed per second of processor",
}


class _Kind(NamedTuple):
    """What the jobs of a round do."""

    task: str
    words: str
    jobs: int
    pairs: int
    shown: tuple[str, ...]


_KINDS = (
    _Kind("noop.nothing", "no-op jobs", 60, 30, tuple(_KEYS)),
    _Kind("noop.picture", "image jobs", 30, 6, ("execute", "execute_cpu")),
)


def measure(*, quick: bool) -> Result:
    """Rounds in turn, on processes that are replaced again and again: one process may be lucky for life."""
    generations = 2 if quick else 24
    seen: _Seen = {(name, kind.task, key): [] for name, kind, key in product(_ARMS, _KINDS, _KEYS)}
    for _ in range(generations):
        _one_generation(seen, quick=quick)
    rows = [(kind, key) for kind in _KINDS for key in kind.shown]
    return Result(
        title="Throughput, no window: prefork, one child",
        figures=[_figure(seen, kind, key) for kind, key in rows],
        notes=[
            *(
                f"{kind.words}: {generations} sets of processes, {kind.pairs} rounds of {kind.jobs} jobs each"
                for kind in _KINDS
            ),
            "ratio: mean over sets of the median over rounds; 95 % interval by bootstrap over sets",
            "per second of processor: of the publisher; of the worker's main process and its child",
            *(
                f"without against itself, {kind.words} {_KEYS[key]}: {ratio:.3f} ({low:.3f} to {high:.3f})"
                for kind, key in rows
                for ratio, low, high in [_ratio(seen, "control", kind, key)]
            ),
        ],
        raw={" ".join(names): rounds for names, rounds in seen.items()},
    )


def _figure(seen: _Seen, kind: _Kind, key: str) -> Figure:
    ratio, low, high = _ratio(seen, "guard", kind, key)
    rates = {name: median(chain.from_iterable(seen[name, kind.task, key])) for name in _ARMS}
    return Figure(
        name=f"{kind.words} {_KEYS[key]}",
        value=rates["guard"],
        unit="/s",
        beside=rates["plain"],
        beside_is="the same app without",
        ratio=ratio,
        target=None if key.endswith("_cpu") else at_least(0.98),
        judged="ratio",
        interval=(low, high),
    )


def _ratio(seen: _Seen, arm: str, kind: _Kind, key: str) -> tuple[float, float, float]:
    return ratio_by_process(seen[arm, kind.task, key], seen["plain", kind.task, key])


def _one_generation(seen: _Seen, *, quick: bool) -> None:
    """New processes for each arm; then rounds, the arms in another order each time."""
    sides: dict[str, _Side] = {}
    with Fleet() as fleet:
        try:
            for db, name in enumerate(_CHANCE.sample(_ARMS, len(_ARMS))):
                arm = fleet.arm(db, guarded=name == "guard")
                if arm.guarded:
                    arm.migrate()
                sides[name] = _Side(arm)
            for side in sides.values():
                side.round("noop.nothing", _WARM_UP)
                side.round("noop.picture", 1)
            for kind in _KINDS:
                rounds: dict[str, list[dict[str, float]]] = {name: [] for name in _ARMS}
                for _ in range(max(1, kind.pairs // 3) if quick else kind.pairs):
                    for name in _CHANCE.sample(_ARMS, len(_ARMS)):
                        rounds[name].append(sides[name].round(kind.task, kind.jobs))
                for name, key in product(_ARMS, _KEYS):
                    seen[name, kind.task, key].append([one[key] for one in rounds[name]])
        finally:
            for side in sides.values():
                side.close()


class _Side:
    """One arm with its worker and its publisher."""

    def __init__(self, arm: Arm) -> None:
        self.client = arm.fleet.valkey.client(arm.db)
        self.worker = arm.worker()
        arm.ready(self.worker)
        argv = [sys.executable, "-W", "ignore", "-m", "benchmarks.publisher"]
        if SETPRIV:
            argv = [SETPRIV, "--pdeathsig", "KILL", "--", *argv]
        self._publisher = subprocess.Popen(
            argv,
            env=arm.process_environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def round(self, task: str, jobs: int) -> dict[str, float]:
        """Publish to a queue that nobody takes from; then make it the worker's queue, all at once."""
        publisher = self._publisher
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        publisher.stdin.write(f"{jobs} {task}\n")
        publisher.stdin.flush()
        wall, used = json.loads(publisher.stdout.readline())
        before = processor_seconds(self.worker)
        self.client.rename(SHELF, QUEUE)
        marks = dict(self._mark() for _ in ("first", "last"))
        worked = processor_seconds(self.worker) - before
        return {
            "publish": jobs / wall,
            "publish_cpu": jobs / used,
            "execute": jobs / (marks["last"] - marks["first"]),
            "execute_cpu": jobs / worked,
        }

    def close(self) -> None:
        """End the publisher; the fleet ends the worker."""
        self._publisher.kill()
        self._publisher.communicate()
        self.client.close()

    def _mark(self) -> tuple[str, float]:
        for _ in range(_ROUND_SECONDS // _BLOCK_SECONDS):
            reply: Any = self.client.blpop([MARKS], timeout=_BLOCK_SECONDS)
            if reply:
                name, at = json.loads(reply[1])
                return name, at
        raise SystemExit(f"a round did not end: {self.worker.log_tail}")


def processor_seconds(worker: LocalProcess) -> float:
    """Of all threads of the main process and its children, so far: the scheduler counts nanoseconds."""
    family = [psutil.Process(worker.pid), *worker.children()]
    threads = [
        thread for process in family for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    ]
    return sum(int(thread.read_text("ascii").split()[0]) for thread in threads) / 1e9
