"""Edges that a review found: each once lost or doubled a job, stuck, or said "closed" while open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.core.modes import Phase
from guard.store.sql.store import SqlStore
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop


def test_a_task_id_may_be_used_again(make_shop: Callable[..., Shop]) -> None:
    """The same id is published, parked and released in two windows: both publications run."""
    shop = make_shop("redis", GUARD_WHEN_CLOSED="hold")
    shop.worker("w1")
    for turn in (1, 2):
        shop.enable()
        result = shop.app.tasks["shop.mixed_job"].apply_async((turn,), task_id="always-the-same")
        eventually(lambda: shop.guard.status().parked == 1, what="the job to be parked")
        shop.guard.disable(by="tests")
        eventually(lambda turn=turn: shop.runs()["always-the-same"] == turn, what="this publication to run")
        assert result.id == "always-the-same"


def test_a_worker_that_was_frozen_for_longer_than_its_lease_consumes_again(shop: Shop) -> None:
    """On thawing it finds its trust run out and cordons; the next renewal must undo that."""
    worker = shop.worker("w1")
    assert shop.send("job", 0).get(timeout=10) == 0
    for turn in range(3):
        worker.freeze()
        frozen = time.monotonic()
        result = shop.send("job", turn)
        eventually(lambda frozen=frozen: time.monotonic() - frozen > 4, what="the lease to run out")
        worker.thaw()
        assert result.get(timeout=15) == turn


def test_a_database_restored_from_an_old_copy_does_not_fool_enable(shop: Shop) -> None:
    """SQL at epoch 0 and Redis at 6: the next change is epoch 7, and every gate follows it."""
    shop.worker("w1")
    for _ in range(2):
        shop.enable()
        shop.guard.disable(by="tests")
    eventually(lambda: shop.guard.status().phase == "inactive", what="the window to be over")
    before = shop.guard.status().epoch
    assert before is not None
    with shop.guard._parts.stores.durable.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE guard_state SET epoch = 0")

    window, returned = shop.enable()
    assert window.epoch == before + 1
    shop.send("job", 1, when_closed="hold")
    throughout(lambda: not shop.started_after(returned), during=1.5, what="no guarded job to start")


def test_a_worker_in_warm_shutdown_is_still_counted(shop: Shop) -> None:
    """SIGTERM while a job runs: `enable()` still names the worker and its running job."""
    worker = shop.worker("w1")
    result = shop.send("job", 1, 4)
    eventually(lambda: len(shop.events()) == 1, what="the job to run")
    shop.accepted(1)
    worker.signal(15)
    eventually(lambda: "Warm shutdown" in worker.log, what="the warm shutdown")

    window, _ = shop.enable()

    assert [running.task_id for running in window.running] == [result.id]
    assert len(window.acknowledged) == 1
    assert result.get(timeout=10) == 1


def test_a_job_that_celery_has_dropped_from_its_books_still_counts(shop: Shop) -> None:
    """A child takes it only when its worker's warm shutdown has begun: the main process, which has not heard
    of it, forgets it (`AsynPool.flush`), and the child runs it all the same."""
    worker = shop.worker("w1", concurrency=1)
    (child,) = worker.children()
    child.suspend()
    shop.send("job", 1, 4)
    eventually(lambda: "received" in worker.log, what="the job")
    reserved = shop.app.control.inspect(limit=1).reserved
    eventually(lambda: any((reserved() or {}).values()), what="an answer of the loop that has written it")
    worker.signal(15)
    eventually(lambda: "Warm shutdown" in worker.log, what="the warm shutdown")
    eventually(lambda: not shop.app.control.ping(timeout=0.5), what="the end of the consumer")
    child.resume()
    eventually(lambda: len(shop.events()) == 1, what="the job to run")

    window, _ = shop.enable()
    assert [running.task for running in window.running] == ["?"]
    assert shop.guard.drain(within=20).state.phase is Phase.ACTIVE
    assert shop.events("end")


def test_a_parked_job_whose_queue_is_gone_does_not_hold_up_the_others(make_shop: Callable[..., Shop]) -> None:
    """RabbitMQ: it stays parked and is named; the rest goes back."""
    shop = make_shop("rabbitmq", GUARD_WHEN_CLOSED="hold")
    shop.worker("w1", queues="guarded,mixed,short-lived", GUARD_MIXED_QUEUES="short-lived,mixed")
    shop.enable()
    lost = shop.app.tasks["shop.job"].apply_async(("stays",), queue="short-lived")
    others = [shop.send("mixed_job", n) for n in range(4)]
    eventually(lambda: shop.guard.status().parked == 5, what="five parked jobs")
    shop.processes[0].terminate()
    with shop.app.connection_for_write() as connection:
        connection.default_channel.queue_delete("short-lived")
    del shop.app.amqp.queues["short-lived"]
    shop.worker("w2", queues="guarded,mixed")

    window = shop.guard.disable(by="tests")

    assert [result.get(timeout=15) for result in others] == [0, 1, 2, 3]
    assert window.still_parked == 1
    assert any("shop.job" in warning for warning in window.warnings)
    assert not lost.ready()


def test_a_cordoned_queue_that_an_operator_adds_again_is_cordoned_again(shop: Shop) -> None:
    """`celery control add_consumer` in a window must not make one job spin."""
    shop.worker("w1")
    shop.enable()
    held = shop.send("job", 1, when_closed="hold")
    shop.app.control.add_consumer("guarded", reply=True, limit=1)
    throughout(
        lambda: shop.guard.account().to_fields().get("requeued:job_creation", 0) <= 3,
        during=2,
        what="no hot loop",
    )
    shop.guard.disable(by="tests")
    assert held.get(timeout=10) == 1


def test_rate_limited_jobs_go_back_to_their_queue(shop: Shop) -> None:
    """F46: in their token bucket Celery knows them by no id."""
    shop.worker("w1")
    results = [shop.send("limited", n) for n in range(8)]
    eventually(lambda: len(shop.events()) >= 1, what="the first of them")
    _, returned = shop.enable()
    eventually(lambda: shop.guard.status().in_flight["reserved"] == 0, what="the bucket to be empty")
    assert shop.started_after(returned) == []
    shop.guard.disable(by="tests")
    assert [result.get(timeout=20) for result in results] == list(range(8))
    assert set(shop.runs().values()) == {1}


def test_redis_emptied_in_a_window_stays_closed_and_is_written_again(shop: Shop) -> None:
    """F37: FLUSHDB of the control plane. Closed meanwhile; restored from SQL; everybody acknowledges."""
    shop.worker("w1")
    window, returned = shop.enable()
    held = shop.send("job", 1, when_closed="hold")
    shop.guard._parts.stores.plane.client.flushdb()
    eventually(
        lambda: shop.guard.status().workers.acknowledged == 1,
        within=15,
        what="the worker to acknowledge again",
    )
    # once; the drain that follows is a change of its own
    assert _journaled(shop, "confirm") == [window.epoch + 1]
    assert shop.started_after(returned) == []
    shop.guard.disable(by="tests")
    assert held.get(timeout=10) == 1


def _journaled(shop: Shop, action: str) -> list[int]:
    """At which epochs this was done."""
    durable = shop.guard._parts.stores.durable
    return [record.epoch for record in durable.records(100) if record.action == action]


@pytest.mark.parametrize(
    "damage", ["{}", "not json", '{"epoch": 99, "phase": "inactive", "mode": null}', "\\xff\\xfe"]
)
def test_a_corrupt_state_in_redis_is_closed_and_the_next_change_mends_it(shop: Shop, damage: str) -> None:
    shop.worker("w1")
    assert shop.send("job", 0).get(timeout=10) == 0
    plane = shop.guard._parts.stores.plane
    plane.client.hset(plane._keys.state, "record", damage.encode().decode("unicode_escape").encode("latin-1"))
    closed = eventually(lambda: shop.guard.is_active or None, within=10, what="this process to be closed")
    assert closed
    status = shop.guard.status()
    assert any("control plane" in warning for warning in status.warnings)
    assert plane.client.connection_pool is not None

    shop.enable()
    shop.guard.disable(by="tests")
    assert shop.send("job", 1).get(timeout=15) == 1


def test_hand_made_configuration_rows_open_and_close_a_window(shop: Shop) -> None:
    """The guides' rows are a view; a change made in them by hand is imported after validation."""
    shop.worker("w1")
    durable = shop.guard._parts.stores.durable
    assert isinstance(durable, SqlStore)
    rows = {"maintenance_mode": "true", "maintenance_reason": "by hand"}
    with durable.engine.begin() as connection:
        for key, value in rows.items():
            connection.exec_driver_sql("UPDATE configuration SET value = ? WHERE key = ?", (value, key))
    eventually(lambda: shop.guard.status().phase == "draining", within=25, what="the window to be imported")
    assert shop.guard.status().reason == "by hand"
    with durable.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE configuration SET value = 'false' WHERE key = 'maintenance_mode'")
    eventually(lambda: not shop.guard.status().is_active, within=25, what="the window to be ended")
    assert SystemClock().wall() > 0
