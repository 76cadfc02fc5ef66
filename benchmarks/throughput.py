"""Publishing and executing with the guard and without: the same app, rounds in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.figures import Figure, Result, at_least
from benchmarks.fleet import Arm, Fleet
from benchmarks.noop import MARKS, QUEUE, SHELF
from benchmarks.numbers import median_ratio
from tests.support.processes import SETPRIV

if TYPE_CHECKING:
    from tests.support.processes import LocalProcess

__all__ = ["measure", "processor_seconds"]

_ROUND_SECONDS = 60
_BLOCK_SECONDS = 4  # less than the client's own timeout
_WARM_UP = 500
_ARMS = ("guard", "plain", "control")
"""The control is a second app without the guard: what it differs by is noise."""
_KEYS = {
    "publish": ("jobs published per second", at_least(0.98)),
    "execute": ("jobs executed per second", at_least(0.98)),
    "publish_cpu": ("jobs published per second of processor", None),
    "execute_cpu": ("jobs executed per second of processor", None),
}


def measure(*, quick: bool) -> Result:
    """Rounds in turn, on processes that are replaced now and then: one process may be lucky for life."""
    jobs, pairs, generations = (60, 10, 1) if quick else (60, 125, 6)
    seen: dict[str, dict[str, list[float]]] = {name: {key: [] for key in _KEYS} for name in _ARMS}
    for _ in range(generations):
        _one_generation(seen, jobs, pairs)
    figures = []
    for key, (name, target) in _KEYS.items():
        ratio, low, high = median_ratio(seen["guard"][key], seen["plain"][key])
        figures.append(
            Figure(
                name=name,
                value=median(seen["guard"][key]),
                unit="/s",
                beside=median(seen["plain"][key]),
                beside_is="the same app without",
                ratio=ratio,
                target=target,
                judged="ratio",
                interval=(low, high),
            )
        )
    controls = {key: median_ratio(seen["control"][key], seen["plain"][key]) for key in _KEYS}
    rounds = pairs * generations
    return Result(
        title=f"Throughput, no window: {rounds} rounds of {jobs} no-op jobs on each side, prefork, one child",
        figures=figures,
        notes=[
            "median of the ratios of rounds side by side, in brackets its 95 % interval (bootstrap)",
            f"processes are replaced {generations - 1} times, so that none is lucky or unlucky throughout",
            "per second of processor: of the publisher; of the worker's main process and its child",
            *(
                f"the app without against itself, {_KEYS[key][0]}: {ratio:.3f} ({low:.3f} to {high:.3f})"
                for key, (ratio, low, high) in controls.items()
            ),
        ],
        raw=seen,
    )


def _one_generation(seen: dict[str, dict[str, list[float]]], jobs: int, pairs: int) -> None:
    """New processes for each arm; then rounds, the arm that begins changing each time."""
    sides: dict[str, _Side] = {}
    with Fleet() as fleet:
        try:
            for db, name in enumerate(_ARMS):
                arm = fleet.arm(db, guarded=name == "guard")
                if arm.guarded:
                    arm.migrate()
                sides[name] = _Side(arm)
            for side in sides.values():
                side.round(_WARM_UP)
            order = list(sides)
            for _ in range(pairs):
                for name in order:
                    for key, value in sides[name].round(jobs).items():
                        seen[name][key].append(value)
                order = order[1:] + order[:1]
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

    def round(self, jobs: int) -> dict[str, float]:
        """Publish to a queue that nobody takes from; then make it the worker's queue, all at once."""
        publisher = self._publisher
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        publisher.stdin.write(f"{jobs}\n")
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
