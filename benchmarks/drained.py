"""From the end of the last guarded job until that is known, beside polling `inspect active`."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from benchmarks.closing import wait_for_whole_registry
from benchmarks.figures import Result, latencies
from benchmarks.fleet import Fleet
from benchmarks.heard import wait_for

if TYPE_CHECKING:
    from celery import Celery

    from guard import Guard

__all__ = ["measure"]

WORKERS = 4
JOBS = WORKERS


def measure(*, quick: bool) -> Result:
    """Rounds in turn: a window that drains, and the loop that people write."""
    rounds, looped = (5, 2) if quick else (60, 15)
    with Fleet() as fleet:
        arm = fleet.arm(0, guarded=True, BENCH_PREFETCH="1")
        app, guard = arm.app()
        assert guard is not None
        processes = {f"w{number}": arm.worker(name=f"w{number}") for number in range(WORKERS)}
        for name, process in processes.items():
            arm.ready(process, name)
        wait_for_whole_registry(guard)
        ours = [_drain(app, guard, f"drain-{number}") for number in range(rounds)]
        limited = [_loop(app, f"limited-{number}", limit=WORKERS) for number in range(rounds)]
        default = [_loop(app, f"default-{number}", limit=None) for number in range(looped)]
    figures = latencies(
        "last job finished, until `drain` says so",
        ours,
        {
            f"looping over inspect().active(), limit={WORKERS}": limited,
            "looping over inspect().active(), default timeout of 1 s": default,
        },
        worst=100,
    )
    return Result(
        title=f"The end of a drain: {JOBS} jobs on {WORKERS} prefork workers, {rounds} times",
        figures=figures,
        notes=[
            "from a job's last deed to the return of the call, the change of phase in SQL included",
            "limit: the loop knows how many workers there are, and never sleeps between two questions",
            "`inspect` does not show jobs that a worker has reserved, nor workers that do not answer",
        ],
        raw={"drain": ours, "limited": limited, "default": default},
    )


def _publish(app: Celery, name: str) -> None:
    for _ in range(JOBS):
        app.send_task("noop.tell", (name, random.uniform(0.4, 0.9)))
    wait_for(app, f"began-{name}", JOBS)


def _last_end(app: Celery, name: str) -> float:
    return max(float(moment) for moment in wait_for(app, f"ended-{name}", JOBS))


def _drain(app: Celery, guard: Guard, name: str) -> float:
    """Seconds from the end of the last job to the return of `drain`."""
    _publish(app, name)
    guard.enable(reason="benchmark", by="benchmark", duration=600)
    guard.drain()
    known = time.monotonic()
    guard.disable(by="benchmark")
    return known - _last_end(app, name)


def _loop(app: Celery, name: str, *, limit: int | None) -> float:
    """The same by asking all workers until none has an active job."""
    _publish(app, name)
    while True:
        replies = app.control.inspect(limit=limit).active() or {}
        if len(replies) == WORKERS and not any(replies.values()):
            return time.monotonic() - _last_end(app, name)
