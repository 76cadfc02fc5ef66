"""How long an emergency takes until every running job is asked to stop, and until the deaf ones are out."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from benchmarks.closing import wait_for_whole_registry
from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Fleet
from benchmarks.heard import wait_for
from benchmarks.noop import DEAF
from benchmarks.numbers import percentile
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from celery import Celery

    from guard import Guard

__all__ = ["measure"]

WORKERS = 8
JOBS = WORKERS * 2
GRACE = 1


def measure(*, quick: bool) -> Result:
    """Emergencies on eight real workers with two running jobs each."""
    rounds, deaf_rounds = (5, 1) if quick else (60, 5)
    with Fleet() as fleet:
        arm = fleet.arm(0, guarded=True, BENCH_PREFETCH="1")
        app, guard = arm.app()
        assert guard is not None
        assert JOBS == DEAF
        processes = {f"w{number}": arm.worker(name=f"w{number}", concurrency=2) for number in range(WORKERS)}
        for name, process in processes.items():
            arm.ready(process, name)
        wait_for_whole_registry(guard)
        asked = [_asked(app, guard, f"round-{number}") for number in range(rounds)]
        out = [seen for number in range(deaf_rounds) for seen in _out(app, guard, f"deaf-{number}")]
    every = [moment for moments in asked for moment in moments]
    return Result(
        title=f"An emergency meets {JOBS} running jobs on {WORKERS} prefork workers: {rounds} times",
        figures=[
            Figure(name="a job hears of it, p50", value=percentile(every, 0.5) * 1000, unit="ms"),
            Figure(
                name="a job hears of it, p99",
                value=percentile(every, 0.99) * 1000,
                unit="ms",
                target=at_most(100),
            ),
            Figure(name="the last job of a round hears of it, slowest", value=max(every) * 1000, unit="ms"),
            Figure(
                name=f"a deaf job is proven gone after it was asked, slowest; grace {GRACE} s",
                value=max(after_asked for after_asked, _ in out),
                unit="s",
                target=at_most(GRACE + 2.5),
            ),
            Figure(name="the same from the call", value=max(from_call for _, from_call in out), unit="s"),
        ],
        notes=[
            "from the call of `enable` in this process, SQL included, to what the job itself sees",
            "the jobs look every 5 ms; the first round includes loading what an emergency needs",
        ],
        raw={"asked": asked, "out": out},
    )


def _asked(app: Celery, guard: Guard, name: str) -> list[float]:
    """Seconds until each job heard of it."""
    for _ in range(JOBS):
        app.send_task("noop.listen", (name,))
    wait_for(app, f"began-{name}", JOBS)
    time.sleep(random.uniform(0.02, 0.12))
    begun = time.monotonic()
    guard.enable(reason="benchmark", by="benchmark", mode="emergency", grace=60, duration=600)
    heard = wait_for(app, f"heard-{name}", JOBS)
    guard.disable(by="benchmark")
    return [float(moment) - begun for moment in heard]


def _out(app: Celery, guard: Guard, name: str) -> list[tuple[float, float]]:
    """Seconds until the end of each deaf job was proven: from when it was asked, and from the call."""
    for _ in range(JOBS):
        app.send_task("noop.deaf", (name, 60.0))
    wait_for(app, f"began-{name}", JOBS)
    begun = time.time()
    window = guard.enable(reason="benchmark", by="benchmark", mode="emergency", grace=GRACE, duration=600)
    outcomes = guard._parts.stores.outcomes
    window_id = guard._parts.stores.plane.read().window_id
    found = eventually(
        lambda: (seen := outcomes.of(window_id)) and len(seen) >= JOBS and seen, within=20, what=str(window)
    )
    guard.disable(by="benchmark")
    assert {outcome.outcome.value for outcome in found} == {"killed"}
    return [(outcome.ended_at - outcome.asked_at, outcome.ended_at - begun) for outcome in found]
