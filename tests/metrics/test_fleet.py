"""Figures of real workers with several processes: each counted once, whoever counted it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

import guard
from tests.metrics.reading import read
from tests.support.eventually import eventually
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey

CHILDREN, JOBS, FROM_EACH = 3, 6, 4


@pytest.fixture
def shop(valkey: Valkey, tmp_path: Path) -> Iterator[Shop]:
    with Shop(
        broker=valkey.broker_url(valkey.fresh_db()),
        backend=valkey.broker_url(valkey.fresh_db()),
        redis=valkey.url(valkey.fresh_db()),
        folder=tmp_path,
        GUARD_LEASE_SECONDS="5",  # a lease that lapses on a busy machine is a decision that is measured
    ) as made:
        yield made


def test_counts_of_a_prefork_worker_and_of_publishers_are_exact(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=CHILDREN)

    def figures() -> dict[str, float]:
        return read(shop.guard.metrics.text())

    assert not shop.guard.is_active  # this process has its agent: its first publish need not wait for it

    # Jobs that publish when they are told to, in every child, while the window drains.
    flag = shop.folder / "now"
    jobs = [shop.send("publishes", str(flag), FROM_EACH) for _ in range(CHILDREN)]
    eventually(lambda: len(shop.events()) == CHILDREN, within=20, what="all children at work")
    assert len({event["pid"] for event in shop.events()}) == CHILDREN
    before = figures()
    assert before["guard_mode{mode=off}"] == 1
    assert "guard_jobs_in_flight" not in before
    for place in ("publish", "receipt", "start", "request"):
        assert before[f"guard_decision_seconds_count{{place={place}}}"] == 0, "measured while open"
    shop.enable()
    for number in range(JOBS):
        with pytest.raises(guard.MaintenanceActive):
            shop.send("job", number)
    victim = shop.events()[0]["pid"]
    worker.freeze()  # so that it has sent nothing of what its children count now
    flag.touch()
    eventually(lambda: len(shop.events("end")) == CHILDREN, within=20, what="the jobs' own publishing")
    os.kill(victim, signal.SIGKILL)
    worker.thaw()

    expected = CHILDREN * FROM_EACH + JOBS
    seen = eventually(
        lambda: (now := figures())["guard_decision_seconds_count{place=publish}"] >= expected and now,
        within=15,
        what="every decision",
    )
    assert seen["guard_decision_seconds_count{place=publish}"] == expected
    assert seen["guard_decision_seconds_bucket{le=+Inf,place=publish}"] == expected
    assert 0 < seen["guard_decision_seconds_sum{place=publish}"] < 60
    assert seen["guard_jobs_total{event=refused,operation=job_creation}"] == JOBS
    assert seen["guard_jobs_total{event=held,operation=job_creation}"] == CHILDREN * FROM_EACH
    assert seen["guard_window_refused_jobs"] == JOBS

    eventually(lambda: figures()["guard_phase{phase=active}"] == 1, within=20, what="drained")
    drained = figures()
    assert drained["guard_drain_duration_seconds_count"] == 1
    assert 0 < drained["guard_drain_duration_seconds_sum"] < 60
    shop.guard.disable(by="tests")

    # A second window and another process: sums go on, the window's own counter begins anew.
    shop.enable()
    refuser = shop.python(
        "refuser",
        "import guard as g\nfrom contextlib import suppress\n"
        "for number in range(5):\n    with suppress(g.MaintenanceActive):\n"
        "        app.tasks['shop.job'].delay(number)\nguard.close()\n",
    )
    assert refuser.wait(30) == 0, refuser.log
    eventually(lambda: figures()["guard_window_refused_jobs"] == 5, within=10)
    assert figures()["guard_jobs_total{event=refused,operation=job_creation}"] == JOBS + 5
    assert figures()["guard_decision_seconds_count{place=publish}"] == expected + 5
    assert figures()["guard_workers{standing=acknowledged}"] == 1

    shop.send("mixed_job", 1, when_closed="hold")  # it reaches the worker, which parks it
    parked = "guard_jobs_total{event=parked,operation=caption_generation}"
    eventually(lambda: figures().get(parked) == 1, within=15, what="parked")
    seen = eventually(lambda: (now := figures())["guard_jobs_parked"] == 1 and now, within=10)
    assert seen["guard_decision_seconds_count{place=receipt}"] >= 1
    shop.guard.disable(by="tests")
    released = "guard_jobs_total{event=released,operation=caption_generation}"
    eventually(lambda: figures().get(released) == 1, within=15, what="released")
    assert figures()["guard_jobs_parked"] == 0
    for job in jobs[1:]:
        job.forget()
    assert worker.alive
