"""The ledger: a job that the transport loses is missed, and a job that runs is not run a second time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from celery import chain, chord

import guard
from tests.support.eventually import eventually, let_pass, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

HAND_OVER = "kombu.transport.redis:QoS.append:before"
"""The worker has taken the message, and Redis does not know yet that it is unacknowledged (F26)."""
IMPATIENT = '{"visibility_timeout": 2}'
"""Redis delivers again what was not acknowledged for two seconds."""


@pytest.fixture
def kept(make_shop: Callable[..., Shop]) -> Shop:
    """A shop with a ledger."""
    return make_shop("redis", GUARD_LEDGER="true")


def test_a_job_that_is_lost_at_the_hand_over_is_found_within_two_sweeps(kept: Shop) -> None:
    keeper = kept.worker("w1", queues="mixed,open")
    victim = kept.start_worker("w2", queues="guarded", SHOP_DIE_AT=HAND_OVER)
    lost = kept.send("job", 1)
    fine = kept.send("mixed_job", 2)
    assert fine.get(timeout=15) == 2
    victim.wait(30)
    assert kept.guard.ledger.lost() == []

    (job,) = eventually(kept.guard.ledger.lost, within=40, what="the lost job")

    assert (job.entry.task_id, job.entry.queue, job.entry.task) == (lost.id, "guarded", "shop.job")
    assert f"job {lost.id} (shop.job) is lost" in keeper.log
    assert lost.state == "PENDING"
    assert "1 accepted jobs are nowhere" in " ".join(kept.guard.status().warnings)
    with pytest.raises(guard.NotLost, match="no lost job"):
        kept.guard.ledger.forget("another", by="ops")
    kept.guard.ledger.forget(lost.id, by="ops")
    assert kept.guard.ledger.lost() == []
    assert len(kept.guard.ledger) == 0


def test_whatever_becomes_of_a_job_it_is_struck_off(kept: Shop) -> None:
    """Results, failures, retries, workflows, a window: in the end nothing is open, and nothing was missed."""
    kept.worker("w1", concurrency=4)
    tasks = kept.app.tasks
    results = [kept.send(name, *args) for name, *args in (
        ("job", 1), ("flaky", 2), ("stubborn", 1), ("swap", 1, 2), ("spawn", [1, 2]), ("fails",),
        ("ignores",), ("limited", 3), ("mixed_job", 4),
    )]  # fmt: skip
    workflow = chain(tasks["shop.add"].si(1, 1), chord([tasks["shop.add"].s(1)] * 3, tasks["shop.total"].s()))
    results.append(workflow.apply_async())
    kept.send("job", 1, expires=0.001)
    revoked = kept.send("job", 1, countdown=60)
    eventually(lambda: kept.app.control.inspect(limit=1).scheduled(), what="the job to be with the worker")
    kept.app.control.revoke(revoked.id)
    kept.enable()
    results += [kept.send("mixed_job", n, when_closed="hold") for n in range(3)]
    eventually(lambda: (kept.guard.status().parked or 0) >= 3, what="three to be parked")
    with pytest.raises(guard.MaintenanceActive):
        kept.send("job", 1)
    kept.guard.disable(by="tests")
    eventually(lambda: len(kept.guard.ledger) == 0, within=30, what="all to be struck off")
    assert kept.guard.ledger.lost() == []
    assert results[-1].get(timeout=10) == 2


def test_a_publish_that_fails_is_not_open(kept: Shop) -> None:
    with pytest.raises(Exception, match="serial"):
        kept.app.tasks["shop.job"].apply_async((object(),))
    assert len(kept.guard.ledger) == 0


@pytest.mark.slow  # it tests Celery
def test_without_a_ledger_a_job_that_takes_long_runs_twice(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop("redis", SHOP_TRANSPORT=IMPATIENT)
    shop.worker("w1", concurrency=1, queues="guarded")
    result = shop.send("job", 1, 10.0)
    eventually(shop.events, what="the job to run")
    let_pass(2.5)  # the visibility timeout: kombu looks when a worker connects, and then seldom
    shop.worker("w2", concurrency=1, queues="guarded")
    eventually(lambda: shop.runs()[result.id] == 2, within=30, what="it to run twice")


def test_a_second_delivery_of_a_running_job_is_parked_and_then_dropped(
    make_shop: Callable[..., Shop],
) -> None:
    shop = make_shop("redis", SHOP_TRANSPORT=IMPATIENT, GUARD_LEDGER="true")
    workers = [shop.worker("w1", concurrency=1, queues="guarded")]
    shop.enable()
    shop.guard.disable(by="tests")
    result = shop.send("job", 1, 12.0)
    eventually(shop.events, what="the job to run")
    let_pass(2.5)
    workers.append(shop.worker("w2", concurrency=2, queues="guarded"))

    def said(text: str) -> bool:  # either may get it
        return any(text in worker.log for worker in workers)

    eventually(lambda: said(f"job {result.id} runs already"), within=30, what="a second delivery")
    assert result.get(timeout=40) == 1
    eventually(lambda: said("has ended: its second delivery is dropped"), within=40, what="its end")
    eventually(lambda: shop.guard.status().parked == 0, within=20, what="nothing to be parked")
    throughout(lambda: shop.runs()[result.id] == 1, during=2, what="it to run once")
    assert len(shop.guard.ledger) == 0
    # it was parked when that window was over: found by the kill harness, where it was missing in its books
    assert shop.guard.report().books.unaccounted == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_second_delivery_runs_when_the_first_worker_is_gone(make_shop: Callable[..., Shop]) -> None:
    """For a minute nobody can say whether that worker is dead or silent."""
    shop = make_shop("redis", SHOP_TRANSPORT=IMPATIENT, GUARD_LEDGER="true")
    first = shop.worker("w1", concurrency=1, queues="guarded")
    result = shop.send("long", 100)
    eventually(shop.events, what="the job to run")
    first.kill()
    shop.worker("w2", concurrency=1, queues="guarded")
    eventually(lambda: shop.runs()[result.id] == 2, within=120, what="it to run again")
    result.get(timeout=20)
    assert len(shop.guard.ledger) == 0
    assert shop.guard.ledger.lost() == []


@pytest.mark.slow
def test_jobs_that_wait_long_are_not_missed(kept: Shop) -> None:
    """In a queue, parked, waiting for their time, or behind others: three sweeps find nothing."""
    kept.worker("w1", concurrency=2)
    kept.send("job", 0, 40.0)
    late = [kept.send("job", n, countdown=35) for n in range(5)]
    kept.enable()
    held = [kept.send(name, n, when_closed="hold") for n in range(50) for name in ("job", "mixed_job")]
    throughout(lambda: kept.guard.ledger.lost() == [], during=35, what="nothing to be lost")
    kept.guard.disable(by="tests")
    for result in [*late, *held]:
        result.get(timeout=60)
    eventually(lambda: len(kept.guard.ledger) == 0, within=20, what="nothing to be open")


@pytest.mark.slow
def test_where_nobody_can_look_nothing_is_said(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop("quorum", GUARD_LEDGER="true")
    shop.worker("w1")
    assert shop.send("job", 1).get(timeout=15) == 1
    eventually(lambda: len(shop.guard.ledger) == 0, what="it to be struck off")
    assert not shop.guard.ledger.can_look


def test_the_ledger_is_off_by_default(shop: Shop) -> None:
    with pytest.raises(guard.InvalidRequest, match="GUARD_LEDGER=true"):
        shop.guard.ledger.lost()


def test_on_the_command_line(kept: Shop) -> None:
    from guard.core.ledger import LedgerEntry, LostJob

    entry = LedgerEntry(
        task_id="t-1", task="shop.job", operation="x", queue="guarded", publication="p", accepted_at=1.7e9
    )
    books: Any = kept.guard._parts.stores.ledger
    books.lose([LostJob(entry=entry, found_at=1.7e9)])
    code, text = kept.maintenance("ledger")
    assert code == 4
    assert "t-1" in text
    code, text = kept.maintenance("ledger", "--forget", "t-2", "--by", "ops")
    assert (code, "no lost job has the id 't-2'" in text) == (6, True)
    code, text = kept.maintenance("ledger", "--forget", "t-1", "--by", "ops", "--json")
    assert (code, json.loads(text)) == (0, {"open": 0, "can_look": True, "lost": []})
