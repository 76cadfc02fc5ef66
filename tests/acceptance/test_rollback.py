"""The rollback of a window: workers consume again what they did, rows are back, and the rest is said."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from guard.errors import IllegalMove, InvalidRequest
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.difference import Difference
    from tests.support.shop import Shop

JOBS = {"mixed": "mixed_job", "guarded": "job", "open": "free"}
"""A queue that is not cordoned since it carries other work too, one that is, one that no window blocks."""


def tell(shop: Shop, command: str, queue: str, node: str = "w1@shop") -> None:
    """What an operator types: `celery control cancel_consumer …`."""
    send = getattr(shop.app.control, command)
    assert send(queue, destination=[node], reply=True, timeout=5, limit=1)


def named(found: Any) -> list[str]:
    return [one.what for one in found]


def changed(shop: Shop) -> tuple[Difference, ...]:
    return tuple(one for one in shop.guard.differences().differences if one.kind.value == "consumer")


def sql(shop: Shop, *statements: str) -> list[Any]:
    with sqlite3.connect(shop.folder / "guard.db", timeout=10) as connection:
        found = [connection.execute(statement).fetchall() for statement in statements][-1]
    connection.close()
    return found


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
@pytest.mark.parametrize("queue", JOBS)
def test_a_queue_that_was_cancelled_in_the_window_is_consumed_again(
    make_shop: Callable[..., Shop], broker: str, queue: str
) -> None:
    shop = make_shop(broker)
    shop.worker("w1")
    window, _ = shop.enable()
    assert shop.guard.differences().unknown == ()
    assert changed(shop) == ()
    tell(shop, "cancel_consumer", queue)
    eventually(lambda: named(changed(shop)) == [f"w1@shop, queue {queue}"], what="the difference")
    ended = shop.guard.disable(by="eve", rollback=True)
    done = ended.rolled_back
    assert done is not None
    assert (named(done.restored), done.failed, done.unknown) == ([f"w1@shop, queue {queue}"], (), ())
    assert shop.send(JOBS[queue], 7).get(timeout=10) == 7
    assert shop.guard.differences().undoable == ()
    records = shop.guard.durable.records(20)
    (line,) = [record for record in records if record.action == "roll back"]
    assert (line.actor, line.detail["window_id"]) == ("eve", window.window_id)
    assert line.detail["what"] == f"w1@shop, queue {queue}"


def test_without_a_rollback_it_stays_cancelled_cordon_or_not(shop: Shop) -> None:
    """Once a bug: the end of the cordon took from a queue again that an operator had cancelled meanwhile."""
    shop.worker("w1")
    shop.enable()
    tell(shop, "cancel_consumer", "guarded")
    eventually(lambda: changed(shop), what="the difference")
    ended = shop.guard.disable(by="tests")
    assert ended.rolled_back is None
    waiting = shop.send("job", 1)
    shop.send("mixed_job", 2).get(timeout=10)
    throughout(lambda: not waiting.ready(), during=1.5, what="the job waits")
    done = shop.guard.rollback(by="tests")
    assert named(done.restored) == ["w1@shop, queue guarded"]
    assert waiting.get(timeout=10) == 1
    again = shop.guard.rollback(by="tests")
    assert (again.restored, again.failed) == ((), ()), "it may be repeated"


def test_a_queue_that_was_added_is_given_up_if_somebody_else_takes_from_it(shop: Shop) -> None:
    shop.worker("w1", queues="guarded")
    shop.worker("w2", queues="guarded,mixed")
    shop.enable()
    tell(shop, "add_consumer", "mixed", "w1@shop")
    tell(shop, "add_consumer", "open", "w1@shop")
    eventually(lambda: len(changed(shop)) == 2, what="the differences")
    done = shop.guard.disable(by="tests", rollback=True).rolled_back
    assert done is not None
    assert named(done.restored) == ["w1@shop, queue mixed"]
    assert "w1@shop, queue open" in named(done.left)
    replies = shop.app.control.broadcast("guard_queues", reply=True, limit=2, timeout=5)
    queues = {node: answer["queues"] for reply in replies for node, answer in reply.items()}
    assert queues == {"w1@shop": ["guarded", "open"], "w2@shop": ["guarded", "mixed"]}
    assert shop.send("free", 5).get(timeout=10) == 5


def test_rows_that_were_edited_by_hand_are_back(shop: Shop) -> None:
    sql(
        shop,
        "CREATE TABLE system_configuration (id INTEGER PRIMARY KEY, key TEXT UNIQUE, value TEXT, "
        "category TEXT)",
        "INSERT INTO system_configuration (key, value, category) VALUES "
        "('maintenance_contact', 'ops', 'maintenance'), ('site_name', 'Shop', 'general'), "
        "('maintenance_reason', 'planned for sunday', 'maintenance'), "
        "('maintenance_mode', 'false', 'maintenance')",
    )
    shop.worker("w1")
    shop.guard.durable.migrate()  # type: ignore[attr-defined]
    sql(
        shop,
        "UPDATE system_configuration SET value = 'planned for sunday' WHERE key = 'maintenance_reason'",
    )
    shop.enable()
    sql(
        shop,
        "UPDATE system_configuration SET value = 'by hand' WHERE key IN ('maintenance_contact', "
        "'maintenance_reason', 'site_name')",
    )
    shown = shop.guard.differences()
    assert named(shown.undoable) == ["maintenance_contact", "maintenance_reason"]
    done = shop.guard.disable(by="tests", rollback=True).rolled_back
    assert done is not None
    assert done.restored == shown.undoable
    rows = dict(sql(shop, "SELECT key, value FROM system_configuration"))
    assert rows["maintenance_contact"] == "ops"
    assert rows["maintenance_reason"] == "planned for sunday"
    assert rows["maintenance_mode"] == "false"
    assert rows["site_name"] == "by hand", "not the guard's business"
    shop.send("job", 3).get(timeout=10)


def test_a_worker_that_was_started_again_with_other_queues_is_only_named(shop: Shop) -> None:
    worker = shop.worker("w1", queues="guarded,mixed")
    shop.enable()
    worker.terminate()
    assert worker.wait(30) is not None
    shop.worker("w1", queues="guarded")
    (one,) = eventually(lambda: changed(shop), what="the difference")
    assert (one.was, one.now) == ("consumes guarded, mixed", "consumes guarded")
    assert one.undo is None
    done = shop.guard.disable(by="tests", rollback=True).rolled_back
    assert done is not None
    assert (done.restored, done.failed) == ((), ())
    assert "w1@shop" in named(done.left)


def test_a_worker_that_does_not_answer_is_unknown_not_unchanged(shop: Shop) -> None:
    worker = shop.worker("w1")
    shop.settled()
    shop.enable()
    worker.freeze_group()
    try:
        shop.guard.disable(by="tests")
        shown = shop.guard.differences()
        done = shop.guard.rollback(by="tests")
    finally:
        worker.thaw_group()
    assert changed(shop) == ()
    for unknown in (shown.unknown, done.unknown):
        assert "which queues w1@shop consumes now is unknown: it does not answer" in unknown
    assert not done.is_complete
    eventually(lambda: shop.guard.differences().unknown == (), what="the worker to answer")


def test_one_that_dies_in_the_middle_has_ended_the_window_and_may_be_repeated(shop: Shop) -> None:
    shop.worker("w1")
    shop.enable()
    tell(shop, "cancel_consumer", "mixed")
    eventually(lambda: changed(shop), what="the difference")
    process = shop.python(
        "rollback",
        "guard.disable(by='tests', rollback=True)",
        SHOP_DIE_AT="guard.fleet.consumption:RemoteConsumption.tell:before",
    )
    assert process.wait(60) == -9
    assert not shop.guard.durable.read().is_active
    done = shop.guard.rollback(by="tests")
    assert named(done.restored) == ["w1@shop, queue mixed"]
    assert shop.send("mixed_job", 4).get(timeout=10) == 4


def test_a_window_of_which_nothing_is_known_is_no_window_without_differences(shop: Shop) -> None:
    """As after an emergency that was opened without the database."""
    shop.worker("w1")
    shop.enable(mode="emergency")
    sql(shop, "DELETE FROM guard_found")
    shown = shop.guard.differences()
    assert (shown.found_at, shown.undoable) == (None, ())
    assert "opened without the durable store" in shown.unknown[0]
    done = shop.guard.disable(by="tests", rollback=True).rolled_back
    assert done is not None
    assert not done.is_complete


def test_only_the_last_window_and_only_when_it_is_over(shop: Shop) -> None:
    with pytest.raises(InvalidRequest, match="no window yet"):
        shop.guard.rollback(by="tests")
    first, _ = shop.enable()
    with pytest.raises(IllegalMove, match="end the window first"):
        shop.guard.rollback(by="tests")
    shop.guard.disable(by="tests")
    with pytest.raises(InvalidRequest, match="by is empty"):
        shop.guard.rollback(by=" ")
    with pytest.raises(InvalidRequest, match="no window has the id"):
        shop.guard.rollback("nope", by="tests")
    shop.enable()
    shop.guard.disable(by="tests")
    with pytest.raises(InvalidRequest, match="not the last one"):
        shop.guard.rollback(first.window_id, by="tests")
    assert shop.guard.differences(first.window_id).is_over


def test_what_happened_to_jobs_and_sessions_is_said_with_numbers(shop: Shop) -> None:
    import guard

    shop.worker("w1")
    shop.enable(sessions="invalidate")
    for _ in range(2):
        with pytest.raises(guard.MaintenanceActive):
            shop.send("job", 1)
    left = eventually(
        lambda: (
            {one.what: (one.was, one.now) for one in shop.guard.differences().differences}
            if any(
                one.what == "jobs refused" and one.now == "2" for one in shop.guard.differences().differences
            )
            else None
        ),
        what="two refused jobs in the account",
    )
    assert left == {"generation": ("0", "1"), "jobs refused": ("0", "2")}
    shop.guard.disable(by="tests")
