"""The outbox on SQLite and MariaDB: written with its change, held by one, in order."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core import changes
from guard.core.deliveries import (
    GIVE_UP_SECONDS,
    HOLD_SECONDS,
    Channel,
    Delivery,
    Failure,
    Stage,
    failed,
    held,
    sent,
)
from guard.core.occurrence import Occurrence
from guard.errors import StaleEpoch, StoreUnavailable
from guard.store.sql import store as store_module
from guard.store.sql.outbox import SqlOutbox
from guard.store.sql.retention import SqlRetention
from guard.store.sql.schedules import SqlSchedules
from guard.store.sql.schema import OUTBOX
from guard.store.sql.store import SqlStore
from tests.contracts.doers import REQUEST, START, HandClock, record_of, sql_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.core.acts import Notice
    from guard.core.state import GuardState

BOTH = list(Channel)


def made(name: str, receiver: str = "a@example.com", channel: Channel = Channel.MAIL) -> Delivery:
    return Delivery.first(
        delivery_id=name,
        channel=channel,
        receiver=receiver,
        event="alert",
        payload={"ü": [1.5, None]},
        now=START,
    )


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def sql(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """One database for all of these."""
    url = f"sqlite:///{tmp_path_factory.mktemp('outbox') / 'store.sqlite3'}"
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.create_database())
    with sql_store(url) as store:
        store.migrate()
        yield store


@pytest.fixture
def outbox(sql: SqlStore) -> SqlOutbox:
    with sql.engine.begin() as connection:
        connection.execute(OUTBOX.delete())
    return SqlOutbox(sql)


def due(outbox: SqlOutbox, now: float = START, channels: list[Channel] = BOTH) -> list[str]:
    return [one.delivery_id for one in outbox.due(now, 10, channels=channels)]


def test_what_is_put_is_there_once_and_whole(outbox: SqlOutbox) -> None:
    outbox.put([made("1"), made("2", "b@example.com")])
    outbox.put([made("2", "b@example.com"), made("3", "", Channel.WEBHOOK)])
    outbox.put([])
    found = outbox.recent(10)
    assert [replace(one, seq=0) for one in reversed(found)] == [
        made("1"),
        made("2", "b@example.com"),
        made("3", "", Channel.WEBHOOK),
    ]
    assert outbox.counts() == {Stage.WAITING: 3, Stage.SENT: 0, Stage.GIVEN_UP: 0}
    assert outbox.oldest_waiting() == START
    assert outbox.recent(10, Stage.SENT) == []


def test_of_each_receiver_the_oldest_is_due_and_the_next_when_that_is_over(outbox: SqlOutbox) -> None:
    outbox.put([made("a1"), made("a2"), made("b1", "b@example.com"), made("w1", "", Channel.WEBHOOK)])
    assert due(outbox) == ["a1", "b1", "w1"]
    assert due(outbox, channels=[Channel.MAIL]) == ["a1", "b1"]
    assert due(outbox, START - 1) == []
    first = outbox.due(START, 1, channels=BOTH)[0]
    ours = held(first, by="me", now=START)
    assert outbox.replace(first, ours)
    assert due(outbox) == ["b1", "w1"], "its follower does not overtake it"
    later = failed(ours, Failure(problem="away"), now=START, dice=0.0)
    assert outbox.replace(ours, later)
    assert due(outbox) == ["b1", "w1"]
    assert due(outbox, later.next_at) == ["a1", "b1", "w1"]
    again = held(later, by="me too", now=later.next_at)
    assert outbox.replace(later, again)
    assert outbox.replace(again, sent(again, now=later.next_at))
    assert due(outbox) == ["a2", "b1", "w1"]


def test_a_hold_runs_out_and_who_lost_it_changes_nothing(outbox: SqlOutbox) -> None:
    outbox.put([made("1")])
    (found,) = outbox.due(START, 1, channels=BOTH)
    lost = held(found, by="frozen", now=START)
    assert outbox.replace(found, lost)
    assert due(outbox, START + HOLD_SECONDS - 1) == []
    (again,) = outbox.due(START + HOLD_SECONDS, 1, channels=BOTH)
    assert again == replace(lost, seq=again.seq)
    ours = held(again, by="other", now=START + HOLD_SECONDS)
    assert outbox.replace(again, ours)
    assert not outbox.replace(lost, sent(lost, now=START + HOLD_SECONDS))
    assert outbox.replace(ours, sent(ours, now=START + HOLD_SECONDS))
    assert outbox.recent(1)[0].attempts == 2


def test_of_many_senders_one_gets_it(outbox: SqlOutbox) -> None:
    outbox.put([made("1")])
    (found,) = outbox.due(START, 1, channels=BOTH)
    gate, wins = threading.Barrier(6), list[bool]()

    def take(number: int) -> None:
        gate.wait()
        wins.append(outbox.replace(found, held(found, by=f"sender {number}", now=START)))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == [False] * 5 + [True]


def test_a_write_whose_answer_was_lost_counts_when_it_is_repeated(outbox: SqlOutbox) -> None:
    outbox.put([made("1")])
    (found,) = outbox.due(START, 1, channels=BOTH)
    ours = held(found, by="me", now=START)
    done = sent(ours, now=START + 1)
    for before, after in ((found, ours), (ours, done)):
        assert outbox.replace(before, after)
        assert outbox.replace(before, after)
    assert not outbox.replace(ours, sent(ours, now=START + 2))


def test_tried_again_by_hand(outbox: SqlOutbox) -> None:
    names = ("up", "held", "sent", "wait")
    outbox.put([made(name, f"{name}@example.com") for name in names])
    found = {one.delivery_id: one for one in outbox.due(START, 10, channels=BOTH)}
    ours = {name: held(one, by=name, now=START) for name, one in found.items()}
    assert all(outbox.replace(found[name], ours[name]) for name in found)
    refused = Failure(problem="no", refused=True)
    assert outbox.replace(ours["up"], failed(ours["up"], refused, now=START, dice=0))
    assert outbox.replace(ours["sent"], sent(ours["sent"], now=START))
    assert outbox.replace(ours["wait"], failed(ours["wait"], Failure(problem="no"), now=START, dice=0))
    assert due(outbox, START + 1) == []
    assert [outbox.again(START + 1, name) for name in ("sent", "held", "none")] == [0, 0, 0]
    assert outbox.again(START + 1) == 2
    assert due(outbox, START + 1) == ["up", "wait"]
    (up, _) = outbox.due(START + 1, 10, channels=BOTH)
    assert up.give_up_at == START + 1 + GIVE_UP_SECONDS


def test_old_ones_that_are_over_are_forgotten(sql: SqlStore, outbox: SqlOutbox) -> None:
    outbox.put([made("1"), made("2", "b@example.com")])
    (found, _) = outbox.due(START, 10, channels=BOTH)
    ours = held(found, by="me", now=START)
    assert outbox.replace(found, ours)
    assert outbox.replace(ours, sent(ours, now=START + 1))
    assert SqlRetention(sql).forget(before=START + 9e9)["messages"] == 1
    assert [one.delivery_id for one in outbox.recent(9)] == ["2"]


def telling(sql_url: str, *, breaks: bool = False) -> SqlStore:
    def tells(old: GuardState, new: GuardState) -> list[Delivery]:
        if breaks:
            raise RuntimeError("a bug")
        return [made(f"{old.epoch}-{new.epoch}")]

    return SqlStore(sql_url, clock=HandClock(), auto_migrate=True, deliveries=tells)


def test_a_change_and_its_messages_are_one_transaction(
    sql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = telling(sql_url)
    store.migrate()
    first = store.read()
    closed = changes.close(first, REQUEST, window_id="w-1", now=START)
    store.change(first.epoch, closed, record_of(closed, "enable"))
    other = changes.close(first, REQUEST, window_id="w-2", now=START)
    with pytest.raises(StaleEpoch):
        store.change(first.epoch, other, record_of(other, "enable"))
    assert [one.delivery_id for one in SqlOutbox(store).recent(9)] == ["0-1"]
    store.change(first.epoch, closed, record_of(closed, "enable"))  # its answer was lost: the same again
    assert len(SqlOutbox(store).recent(9)) == 1
    # A change that fails behind its messages takes them along.

    def broken(*_: object) -> None:
        raise RuntimeError("behind them")

    monkeypatch.setattr(store_module, "write_rows", broken)
    released = changes.release(closed, by="b", now=START)
    with pytest.raises(RuntimeError, match="behind them"):
        store.change(closed.epoch, released, record_of(released, "disable"))
    assert store.read() == closed
    assert [one.delivery_id for one in SqlOutbox(store).recent(9)] == ["0-1"]
    store.engine.dispose()


def test_no_bug_in_a_message_leaves_a_gate_open(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    store = telling(sqlite_url, breaks=True)
    store.migrate()
    first = store.read()
    closed = changes.close(first, REQUEST, window_id="w-1", now=START)
    store.change(first.epoch, closed, record_of(closed, "enable"))
    assert store.read() == closed
    assert "nobody will be told of epoch 1" in caplog.text
    store.engine.dispose()


def test_a_notice_is_written_with_the_row_that_says_so(sql: SqlStore, outbox: SqlOutbox) -> None:
    def tells(key: str, notice: Notice) -> list[Delivery]:
        return [made(f"{key}-{notice}")]

    schedules = SqlSchedules(sql, tells=tells)
    new = Occurrence(schedule_id="s", starts_at=START)
    told = new.write(START, given=(60,))
    assert schedules.save(new, told, ["n"])  # type: ignore[list-item]
    assert not schedules.save(new, told, ["n"])  # type: ignore[list-item]
    later = told.write(START + 1, given=(60, 30))
    assert schedules.save(told, later, ["m"])  # type: ignore[list-item]
    assert not schedules.save(told, later, ["o"])  # type: ignore[list-item]
    assert [one.delivery_id for one in outbox.recent(9)] == ["s|2-m", "s|1-n"]


def test_away(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'no' / 'where.db'}", clock=HandClock(), auto_migrate=True)
    outbox = SqlOutbox(store)
    for ask in (lambda: outbox.put([made("1")]), lambda: due(outbox), outbox.counts):
        with pytest.raises(StoreUnavailable):
            ask()
