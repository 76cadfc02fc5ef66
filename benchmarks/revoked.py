"""Stopping 100,000 queued jobs and letting them run again, beside Celery's revoke of as many ids."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil

from benchmarks.closing import wait_for_whole_registry
from benchmarks.figures import Figure, Result
from benchmarks.fleet import Fleet
from benchmarks.noop import QUEUE
from benchmarks.queued import fill, message_of
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from benchmarks.fleet import Arm
    from tests.support.processes import LocalProcess

__all__ = ["measure"]

MANY = 100_000
_PATIENCE_SECONDS = 600.0
_RELEASE = "until they run again"


def measure(*, quick: bool) -> Result:
    """One worker with two children on each side, at work on a queue that is this long."""
    many = 5_000 if quick else MANY
    with Fleet() as fleet:
        ours = _hold(fleet.arm(0, guarded=True, BENCH_BACKEND=fleet.valkey.broker_url(2)), many)
        theirs = _revoke(fleet.arm(1, guarded=False, BENCH_BACKEND=fleet.valkey.broker_url(3)), many)
    figures = [
        Figure(
            name=name,
            value=value,
            unit=unit,
            beside=theirs[name],
            beside_is=f"revoke() of {many:,} ids",
            ratio=value / theirs[name] if theirs[name] > 0 else None,
        )
        for name, (value, unit) in ours.items()
        if name in theirs
    ]
    again, unit = ours[_RELEASE]
    figures.append(Figure(name=_RELEASE, value=again, unit=unit, beside_is="a revoked job is gone"))
    return Result(
        title=f"Stopping {many:,} queued jobs on one worker, and letting them run again",
        figures=figures,
        notes=[
            "one worker with two children and a Redis result backend, in the middle of the queue",
            "stopped: from the call until the worker has dealt with it, which a ping sent right after tells",
        ],
        raw={"guard": ours, "revoke": theirs},
    )


def _hold(arm: Arm, many: int) -> dict[str, tuple[float, str]]:
    app, guard = arm.app()
    assert guard is not None
    worker = arm.worker(concurrency=2)
    arm.ready(worker)
    wait_for_whole_registry(guard)
    with arm.fleet.valkey.client(arm.db) as client:
        fill(client, QUEUE, many, *message_of(app, client))
        stopped, added = _stop(
            app, worker, lambda: guard.enable(reason="benchmark", by="benchmark", duration=600)
        )
        time.sleep(1)
        held: int = client.llen(QUEUE)  # type: ignore[assignment]
        begun = time.monotonic()
        guard.disable(by="benchmark")
        eventually(lambda: client.llen(QUEUE) < held, within=30, what="a job to be taken")
        again = time.monotonic() - begun
    worker.kill()
    return {"stopped": (stopped, "s"), "memory added to the worker": (added, "MB"), _RELEASE: (again, "s")}


def _revoke(arm: Arm, many: int) -> dict[str, float]:
    app, _ = arm.app()
    worker = arm.worker(concurrency=2)
    arm.ready(worker)
    with arm.fleet.valkey.client(arm.db) as client:
        ids = fill(client, QUEUE, many, *message_of(app, client))
        stopped, added = _stop(app, worker, lambda: app.control.revoke(ids))
    worker.kill()
    return {"stopped": stopped, "memory added to the worker": added}


def _stop(app: Celery, worker: LocalProcess, call: Callable[[], object]) -> tuple[float, float]:
    """Seconds until the worker has dealt with the call, and MB that it has added to the worker."""
    process = psutil.Process(worker.pid)
    eventually(lambda: app.control.ping(limit=1, timeout=1.0), within=30, what="the worker to answer")
    before = process.memory_info().rss
    begun = time.monotonic()
    call()
    eventually(
        lambda: app.control.ping(limit=1, timeout=_PATIENCE_SECONDS),
        within=_PATIENCE_SECONDS,
        what="the worker to answer",
    )
    return time.monotonic() - begun, (process.memory_info().rss - before) / 2**20
