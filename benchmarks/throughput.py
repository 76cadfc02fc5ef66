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

__all__ = ["measure"]

_ROUND_SECONDS = 60
_BLOCK_SECONDS = 4  # less than the client's own timeout
_WARM_UP = 500


def measure(*, quick: bool) -> Result:
    """Median of the ratios of rounds that ran side by side; the arm that begins changes each time."""
    jobs, pairs = (300, 6) if quick else (300, 40)
    with Fleet() as fleet:
        sides = [_Side(fleet.arm(1, guarded=True)), _Side(fleet.arm(0, guarded=False))]
        try:
            for side in sides:
                side.round(_WARM_UP)
            for pair in range(pairs):
                for side in sides if pair % 2 else sides[::-1]:
                    side.keep(jobs)
        finally:
            for side in sides:
                side.close()
    ours, theirs = (side.seen for side in sides)
    figures = []
    for key, name, target in (
        ("publish", "jobs published per second", at_least(0.98)),
        ("execute", "jobs executed per second", at_least(0.98)),
        ("publish_cpu", "jobs published per second of processor", None),
        ("execute_cpu", "jobs executed per second of processor", None),
    ):
        ratio, low, high = median_ratio(ours[key], theirs[key])
        figures.append(
            Figure(
                name=name,
                value=median(ours[key]),
                unit="/s",
                beside=median(theirs[key]),
                beside_is="the same app without",
                ratio=ratio,
                target=target,
                judged="ratio",
                interval=(low, high),
            )
        )
    return Result(
        title=f"Throughput, no window: {pairs} pairs of rounds of {jobs:,} no-op jobs, prefork, one child",
        figures=figures,
        notes=[
            f"{jobs * pairs:,} jobs on each side, in short rounds that take turns: both see the same noise",
            "median of the ratios of paired rounds, in brackets its 95 % interval (bootstrap)",
            "per second of processor: of the publisher; of the worker's main process and its child",
        ],
        raw={"guard": ours, "plain": theirs},
    )


class _Side:
    """One arm with its worker and its publisher."""

    def __init__(self, arm: Arm) -> None:
        self.client = arm.fleet.valkey.client(arm.db)
        self.worker = arm.worker()
        arm.ready(self.worker)
        self.seen: dict[str, list[float]] = {
            "publish": [],
            "execute": [],
            "publish_cpu": [],
            "execute_cpu": [],
        }
        argv = [sys.executable, "-W", "ignore", "-m", "benchmarks.publisher"]
        if SETPRIV:
            argv = [SETPRIV, "--pdeathsig", "KILL", "--", *argv]
        self._publisher = subprocess.Popen(
            argv, env=arm.process_environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def keep(self, jobs: int) -> None:
        """One round that counts."""
        for key, value in self.round(jobs).items():
            self.seen[key].append(value)

    def round(self, jobs: int) -> dict[str, float]:
        """Publish to a queue that nobody takes from; then make it the worker's queue, all at once."""
        publisher = self._publisher
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        publisher.stdin.write(f"{jobs}\n")
        publisher.stdin.flush()
        wall, used = json.loads(publisher.stdout.readline())
        before = _processor_seconds(self.worker)
        self.client.rename(SHELF, QUEUE)
        marks = dict(self._mark() for _ in ("first", "last"))
        worked = _processor_seconds(self.worker) - before
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


def _processor_seconds(worker: LocalProcess) -> float:
    """Of all threads of the main process and its children, so far: the scheduler counts nanoseconds."""
    family = [psutil.Process(worker.pid), *worker.children()]
    threads = [
        thread for process in family for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    ]
    return sum(int(thread.read_text("ascii").split()[0]) for thread in threads) / 1e9
