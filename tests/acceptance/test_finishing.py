"""Workflows that go on while a window drains, because their steps say ``continuation="finish"``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import chain, group

import guard
from guard.core.drain import BlockerKind
from guard.core.headers import FINISHING_HEADER
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop


def begun(shop: Shop, workflow: Any, number: int = 1, **options: Any) -> Any:
    """Publish it, wait until its first step runs, and open a window."""
    result = workflow.apply_async()
    eventually(lambda: len(shop.events()) == number, what="the first step to run")
    shop.enable(**options)
    return result


def phase(shop: Shop) -> str:
    return shop.guard.look().state.phase.value


@pytest.mark.parametrize(
    "broker", ["redis", *(pytest.param(name, marks=pytest.mark.slow) for name in ("rabbitmq", "quorum"))]
)
def test_a_chain_goes_on_to_its_end_and_then_the_window_is_drained(
    make_shop: Callable[..., Shop], broker: str
) -> None:
    shop = make_shop(broker)
    shop.worker("w1")
    shop.settled()
    tasks = shop.app.tasks
    step = tasks["shop.goes_on"]
    last = begun(shop, chain(tasks["shop.job"].si(1, 2.0), step.s(1.0), step.s(1.0), step.s(0.5)))
    with pytest.raises(guard.MaintenanceActive):
        shop.send("goes_on", 1)
    held = shop.send("goes_on", 1, when_closed="hold")

    progress = shop.guard.drain(within=30)

    assert progress.state.phase.value == "active"
    assert len(shop.events("end")) == 4, "it was drained before the workflow had ended"
    assert last.get(timeout=5) == 4
    assert shop.guard.status().parked == 0
    throughout(lambda: len(shop.events()) == 4, during=1, what="nothing else to run")
    shop.guard.disable(by="tests")
    assert held.get(timeout=10) == 2
    assert set(shop.runs().values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_the_same_in_other_pools(shop: Shop, pool: str) -> None:
    shop.worker("w1", pool=pool, concurrency=1)
    shop.settled()
    tasks = shop.app.tasks
    last = begun(shop, chain(tasks["shop.job"].si(1, 2.0), tasks["shop.goes_on"].s(1.0)))
    assert shop.guard.drain(within=30).state.phase.value == "active"
    assert last.get(timeout=5) == 2
    shop.guard.disable(by="tests")


@pytest.mark.slow
def test_a_step_whose_worker_is_killed_goes_on_with_another(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop("rabbitmq")
    first = shop.worker("w1", concurrency=1)
    shop.settled()
    tasks = shop.app.tasks
    last = begun(shop, chain(tasks["shop.job"].si(1, 1.0), tasks["shop.goes_on"].s(3.0)))
    eventually(lambda: len(shop.events()) == 2, what="the step to run")
    shop.worker("w2", concurrency=1)
    first.kill()
    assert shop.guard.drain(within=90).state.phase.value == "active"
    assert last.get(timeout=5) == 2
    assert shop.runs()[last.id] == 2
    shop.guard.disable(by="tests")


def test_groups_chords_children_and_retries_go_on(shop: Shop) -> None:
    shop.worker("w1", concurrency=4)
    shop.settled()
    tasks = shop.app.tasks
    step = tasks["shop.goes_on"]
    workflow = chain(
        tasks["shop.job"].si(1, 2.0),
        group(step.s(0.2), step.s(0.4, 1)),
        step.s(0.1),
    )
    last = begun(shop, workflow)
    assert shop.guard.drain(within=30).state.phase.value == "active"
    assert last.get(timeout=5) == 4
    shop.guard.disable(by="tests")


def test_the_drain_is_open_as_long_as_a_step_goes_on(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    tasks = shop.app.tasks
    last = begun(shop, chain(tasks["shop.job"].si(1, 1.0), tasks["shop.goes_on"].s(4.0)))
    eventually(lambda: len(shop.events()) == 2, what="the step to run")
    throughout(lambda: phase(shop) in {"closing", "draining"} or last.ready(), during=3, what="the drain")
    (blocker,) = eventually(lambda: (shop.guard.look().view or last).blockers, what="it to be named")
    assert (blocker.kind, blocker.task_id) == (BlockerKind.RUNNING, last.id)
    assert shop.guard.drain(within=20).state.phase.value == "active"
    shop.guard.disable(by="tests")


def test_in_an_emergency_nothing_goes_on(shop: Shop) -> None:
    shop.worker("w1")
    tasks = shop.app.tasks
    workflow = chain(tasks["shop.partial"].si(30), tasks["shop.job"].si(1), tasks["shop.goes_on"].s())
    result = workflow.apply_async()
    eventually(shop.events, what="the first step to run")
    shop.guard.enable(reason="fire", by="tests", mode="emergency", grace=10, duration=600)
    assert result.parent.parent.get(timeout=10) == "part"
    assert shop.guard.drain(within=20).state.phase.value == "active"
    assert result.state == "PENDING"
    shop.guard.disable(by="tests")
    assert result.get(timeout=10) == 2


def test_a_step_whose_process_is_killed_runs_again_and_the_drain_waits_for_it(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=1)
    shop.settled()
    tasks = shop.app.tasks
    last = begun(shop, chain(tasks["shop.job"].si(1, 1.0), tasks["shop.goes_on"].s(2.0)))
    eventually(lambda: len(shop.events()) == 2, what="the step to run")
    (child,) = worker.children()
    child.kill()
    assert shop.guard.drain(within=30).state.phase.value == "active"
    assert last.get(timeout=5) == 2
    assert shop.runs()[last.id] == 2
    shop.guard.disable(by="tests")


def test_a_step_that_nobody_takes_is_named_until_an_operator_vouches_for_it(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=1)
    shop.settled()
    tasks = shop.app.tasks
    step = tasks["shop.goes_on"].s(0.0).set(queue="nobody")
    last = begun(shop, chain(tasks["shop.job"].si(1, 1.5), step))
    eventually(last.parent.ready, what="the first step to end")

    def blockers() -> list[Any]:
        view = shop.guard.look().view
        return [one for one in view.blockers if one.kind is BlockerKind.FINISHING] if view else []

    (blocker,) = eventually(blockers, what="the step to be named")
    assert (blocker.task_id, blocker.task, blocker.worker) == (last.id, "shop.goes_on", "queue nobody")
    shop.guard.vouch(last.id, by="ops")
    assert shop.guard.drain(within=20).state.phase.value == "active"
    assert worker.alive
    shop.guard.disable(by="tests")


def test_an_old_mark_lets_no_job_pass_that_the_pool_has_already(shop: Shop) -> None:
    """A retry keeps its headers while the gate is open. What a pool has by then (threads take all at once) is
    judged by the start gate alone."""
    worker = shop.worker("w1", pool="threads", concurrency=1)
    shop.settled()
    shop.send("job", 1, 4.0)
    eventually(shop.events, what="the first job to run")
    late = shop.send("goes_on", 1, headers={FINISHING_HEADER: "an-old-window/a1"})
    eventually(lambda: f"{late.id}] received" in worker.log, what="the second to be with the pool")
    shop.enable()
    assert shop.guard.drain(within=20).state.phase.value == "active"
    throughout(lambda: len(shop.events()) == 1, during=1, what="the second job not to start")
    shop.guard.disable(by="tests")
    assert late.get(timeout=10) == 2


def test_a_mark_that_was_made_up_lets_nothing_pass(shop: Shop) -> None:
    shop.worker("w1")
    window, _ = shop.enable()
    with shop.app.connection_for_write() as connection:
        from kombu import Queue

        from guard.core.lanes import lane_of

        lane = Queue(lane_of("guarded"), routing_key=lane_of("guarded"))
        send = shop.app.amqp.send_task_message
        message = shop.app.amqp.as_task_v2("forged", "shop.goes_on", (1,), {})
        message.headers[FINISHING_HEADER] = f"{window.window_id}/made-up"
        with connection.Producer() as producer:
            send(producer, "shop.goes_on", message, queue=lane, exchange="", routing_key=lane.name)
    eventually(lambda: shop.guard.status().parked == 1, what="it to be parked")
    assert shop.events() == []
    shop.guard.disable(by="tests")
    eventually(shop.events, what="it to run after the release")
