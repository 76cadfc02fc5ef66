"""A window that is narrowed: outside its scope nothing changes, inside of it all is as in any window."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.counts import Count
from guard.core.modes import Phase
from guard.errors import MaintenanceActive
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

CAPTIONS = {"operations": ["caption_generation"]}
OF_ACME = {"tenant_key": "header:tenant", "tenants": ["acme"]}
POOLS = ["prefork", pytest.param("threads", marks=pytest.mark.slow)]


def ran(shop: Shop, *results: Any) -> bool:
    return {result.id for result in results} <= {line["id"] for line in shop.events("end")}


def stay_out(shop: Shop, *results: Any) -> None:
    """Nothing of these starts for a second."""
    throughout(
        lambda: not {result.id for result in results} & set(shop.runs()), during=1, what="none to start"
    )


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
def test_by_operation(make_shop: Callable[..., Shop], pool: str, broker: str) -> None:
    shop = make_shop(broker, GUARD_WHEN_CLOSED="hold")
    shop.worker("w1", pool=pool)
    shop.settled()
    shop.enable(scope=CAPTIONS)
    free = [shop.send("job", n) for n in range(3)]
    held = [shop.send("mixed_job", n) for n in range(3)]
    eventually(lambda: ran(shop, *free), what="jobs outside of the scope to run")
    stay_out(shop, *held)
    assert shop.guard.status().blocked_operations == ("caption_generation",)
    shop.guard.disable(by="tests")
    assert [one.get(timeout=20) for one in held] == [0, 1, 2]
    assert set(shop.runs().values()) == {1}


def test_by_queue(make_shop: Callable[..., Shop]) -> None:
    """The queue is cordoned; another that carries the same work is not."""
    shop = make_shop("redis", GUARD_WHEN_CLOSED="hold")
    shop.worker("w1")
    shop.settled()
    shop.enable(scope={"queues": ["guarded"]})
    free, held = shop.send("job", 1, queue="mixed"), shop.send("job", 2)
    eventually(lambda: ran(shop, free), what="the job of another queue to run")
    stay_out(shop, held)
    assert shop.guard.status().parked == 0
    shop.guard.disable(by="tests")
    assert held.get(timeout=20) == 2


@pytest.mark.parametrize("pool", POOLS)
def test_by_tenant(make_shop: Callable[..., Shop], pool: str) -> None:
    """Tenants share queues, so theirs are parked one by one; also those that the worker had already."""
    shop = make_shop("redis", GUARD_WHEN_CLOSED="hold")
    shop.worker("w1", pool=pool, concurrency=1)
    shop.settled()
    first = shop.send("job", 0, 1.5)
    eventually(shop.events, what="a job to run")
    theirs = [shop.send("job", n, headers={"tenant": "acme"}) for n in range(2)]
    others = [shop.send("job", n, headers={"tenant": "other"}) for n in range(2)]
    shop.enable(scope=OF_ACME)
    eventually(lambda: ran(shop, first, *others), what="the other tenant's jobs to run")
    theirs.append(shop.send("job", 2, headers={"tenant": "acme"}))
    stay_out(shop, *theirs)
    shop.guard.disable(by="tests")
    assert [one.get(timeout=20) for one in theirs] == [0, 1, 2]
    assert set(shop.runs().values()) == {1}


def test_by_an_argument(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop("redis", GUARD_WHEN_CLOSED="hold")
    shop.worker("w1")
    shop.settled()
    shop.enable(scope={"tenant_key": "argument:value", "tenants": ["7"]})
    free = shop.app.tasks["shop.job"].apply_async(kwargs={"value": 8})
    held = shop.app.tasks["shop.job"].apply_async(kwargs={"value": 7})
    eventually(lambda: ran(shop, free), what="the job of another to run")
    stay_out(shop, held)
    shop.guard.disable(by="tests")
    assert held.get(timeout=20) == 7


def test_publishers_are_refused_in_the_scope_alone(shop: Shop) -> None:
    from celery import chain, group

    shop.worker("w1")
    shop.settled()
    shop.enable(scope=CAPTIONS)
    with pytest.raises(MaintenanceActive):
        shop.send("mixed_job", 1)
    job, mixed_job = shop.app.tasks["shop.job"], shop.app.tasks["shop.mixed_job"]
    with pytest.raises(MaintenanceActive):
        group(job.s(1), mixed_job.s(2)).apply_async()
    assert chain(job.s(1), job.si(2)).apply_async().get(timeout=20) == 2
    assert {line["task"] for line in shop.events()} == {"shop.job"}


def test_look_ahead_holds_back_what_would_run_into_the_start(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop("redis", GUARD_WHEN_CLOSED="hold")
    shop.worker("w1")
    shop.settled()
    shop.enable(scope={"crossing": time.time() + 300})
    short, unbounded = shop.send("job", 1, time_limit=60), shop.send("job", 2)
    long = shop.send("job", 3, time_limit=600)
    eventually(lambda: ran(shop, short, unbounded), what="jobs that end before it to run")
    stay_out(shop, long)
    shop.guard.disable(by="tests")
    assert long.get(timeout=20) == 3


def test_the_drain_waits_for_the_scope_alone_and_for_all_once_it_is_wider(shop: Shop) -> None:
    shop.worker("w1", concurrency=2)
    shop.settled()
    running = shop.send("job", 1, 6)
    eventually(shop.events, what="a job to run")
    shop.enable(scope=CAPTIONS)
    assert shop.guard.drain(within=10).state.phase is Phase.ACTIVE
    assert not shop.events("end")
    window = shop.guard.change(by="tests", scope={})
    assert (len(window.acknowledged), window.unconfirmed) == (1, ())
    assert shop.guard.drain(within=0.5).state.phase is Phase.DRAINING
    with pytest.raises(MaintenanceActive):
        shop.send("job", 2)
    assert shop.guard.drain(within=20).state.phase is Phase.ACTIVE
    assert ran(shop, running)


def test_an_emergency_ends_what_is_in_its_scope(shop: Shop) -> None:
    shop.worker("w1", concurrency=2)
    shop.settled()
    theirs = shop.send("long", 30, headers={"tenant": "other"})
    shop.send("long", 30, headers={"tenant": "acme"})
    eventually(lambda: len(shop.events()) == 2, what="both to run")
    shop.enable(mode="emergency", grace=1, scope={"tenant_key": "header:tenant", "tenants": ["other"]})
    eventually(
        lambda: [one.task_id for one in shop.guard.report().outcomes or ()] == [theirs.id],
        within=15,
        what="the other tenant's job to be ended",
    )
    throughout(lambda: len(shop.guard.report().outcomes or ()) == 1, during=2, what="ours to go on")


def test_a_rehearsal_with_a_scope_counts_the_scope_alone(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    shop.enable(mode="test", scope=CAPTIONS)
    results = [shop.send("job", 1), shop.send("mixed_job", 2)]
    assert [one.get(timeout=20) for one in results] == [1, 2]
    eventually(
        lambda: shop.guard.report().account.by_operation(Count.WOULD_REFUSE) == {"caption_generation": 1},
        within=10,
        what="the captions alone to be counted",
    )
