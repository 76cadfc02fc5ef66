"""How long `enable` takes until every worker has acknowledged, beside Celery's own `cancel_consumer`."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, Result, latencies
from benchmarks.fleet import Fleet
from benchmarks.noop import QUEUE
from benchmarks.numbers import percentile

if TYPE_CHECKING:
    from celery import Celery

    from guard import Guard

__all__ = ["measure"]

WORKERS = 8


def measure(*, quick: bool) -> Result:
    """Open and end windows on eight real idle workers; then cancel and add their consumers as often."""
    windows, patient = (15, 2) if quick else (100, 6)
    with Fleet() as fleet:
        arm = fleet.arm(0, guarded=True)
        app, guard = arm.app()
        assert guard is not None
        processes = {f"w{number}": arm.worker(name=f"w{number}") for number in range(WORKERS)}
        for name, process in processes.items():
            arm.ready(process, name)
        wait_for_whole_registry(guard)
        took, called, silent = _windows(guard, windows)
        limited, all_replied = _cancel(app, windows, limit=WORKERS)
        waiting, _ = _cancel(app, patient, limit=None)
    figures = latencies(
        f"all {WORKERS} closed and acknowledged",
        took,
        {f"cancel_consumer, limit={WORKERS}": limited, "the same, default": waiting},
        worst=50,
    )
    figures += [
        Figure(name=f"the whole call of `enable`, {label}", value=percentile(called, share) * 1000, unit="ms")
        for share, label in ((0.5, "p50"), (0.99, "p99"))
    ]
    return Result(
        title=f"Closing {WORKERS} idle prefork workers: {windows} windows at random moments",
        figures=figures,
        notes=[
            f"windows in which a worker stayed silent: {silent}",
            f"cancel_consumer(reply=True, limit={WORKERS}): all replied in {all_replied} of {windows}",
            "without knowing how many workers there are, it waits for its whole timeout (1 s)",
            "a reply to cancel_consumer says nothing about what the worker has already taken from the queue",
        ],
        raw={"took": took, "called": called, "limited": limited, "default": waiting},
    )


def wait_for_whole_registry(guard: Guard) -> None:
    """A young registry may hide workers, so the first window waits for time. Users see that once."""
    time.sleep(guard.settings.guard_lease_seconds + 0.5)
    warm_up(guard)


def warm_up(guard: Guard) -> None:
    """One window that does not count: connections, imports."""
    guard.enable(reason="warm-up", by="benchmark", duration=600)
    guard.disable(by="benchmark")


def _windows(guard: Guard, number: int) -> tuple[list[float], list[float], int]:
    """Seconds until acknowledged, seconds of the call, and windows with a silent worker."""
    took, called, silent = [], [], 0
    for _ in range(number):
        time.sleep(random.uniform(0.02, 0.12))
        begun = time.perf_counter()
        window = guard.enable(reason="benchmark", by="benchmark", duration=600)
        called.append(time.perf_counter() - begun)
        took.append(window.took)
        silent += len(window.acknowledged) != WORKERS
        guard.disable(by="benchmark")
    return took, called, silent


def _cancel(app: Celery, number: int, limit: int | None) -> tuple[list[float], int]:
    """Seconds of each call, and in how many all workers replied."""
    options: dict[str, Any] = {"limit": limit} if limit else {}
    took, complete = [], 0
    for _ in range(number):
        time.sleep(random.uniform(0.02, 0.12))
        begun = time.perf_counter()
        replies = app.control.cancel_consumer(QUEUE, reply=True, **options)
        took.append(time.perf_counter() - begun)
        complete += len(replies or ()) == WORKERS
        app.control.add_consumer(QUEUE, reply=True, limit=WORKERS)
    return took, complete
