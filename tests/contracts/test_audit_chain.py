"""The journal's chain on real databases: never forked, cut at its beginning alone, attacked and found out."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from guard.clock import SystemClock
from guard.core.audit_chain import ChainKeys, head_of
from guard.core.audit_verdict import BreakKind, Verdict, verify_chain
from guard.core.history import AuditRecord, Wanted
from guard.errors import GuardError, StoreUnavailable
from guard.store.head_apart import HeadApart
from guard.store.redis.audit_head import RedisAuditHead
from guard.store.redis.client import connect
from guard.store.sql.append_only import drop_triggers
from guard.store.sql.audit_chain import SqlAuditChain
from guard.store.sql.journal import SqlJournal
from guard.store.sql.retention import SqlRetention
from guard.store.sql.schema import AUDIT, AUDIT_HEAD
from guard.store.sql.store import SqlStore
from tests.contracts.doers import KEYS, assert_keys_listed, opened
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey

SECRET = b"a secret for the journal's tests"


def record(n: int, at: float | None = None) -> AuditRecord:
    detail = {"n": n, "text": "é'\"\\ \U0001f600 =1+1 "}
    return AuditRecord(
        at=1e9 + n + random.random() if at is None else at,
        actor=f"me {n} ",
        action="note",
        epoch=n,
        outcome="done",
        detail=detail,
    )


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """A migrated database for the whole module."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('chain') / 'guard.db'}"
    else:
        server = request.getfixturevalue("mariadb")
        url = server.url(server.create_database())
    store = SqlStore(url, clock=SystemClock(), auto_migrate=False, keys=ChainKeys(SECRET))
    store.migrate()
    yield store
    store.engine.dispose()


@pytest.fixture
def store(database: SqlStore) -> SqlStore:
    """The database with ten rows in a chain that begins anew, and triggers as the migration left them."""
    with database.engine.begin() as connection:
        highest = connection.execute(select(func.max(AUDIT.c.seq))).scalar() or 0
        connection.execute(AUDIT_HEAD.update().values(cut_to=highest))
        connection.execute(delete(AUDIT))
        connection.execute(text("DELETE FROM guard_audit_anchors"))
        connection.execute(AUDIT_HEAD.update().values(number=0, link="", cut_to=0))
    for n in range(10):
        database.journal(record(n))
    return database


def judged(store: SqlStore) -> Verdict:
    chain = SqlAuditChain(store)
    return verify_chain(chain.rows(), ends=chain.ends(), keys=store.keys, latest=lambda: chain.ends().least)


def test_what_was_written_is_read_back_exactly(store: SqlStore) -> None:
    found = judged(store)
    assert found.intact, found.breaks
    assert (found.rows, found.first, found.last, found.unsigned) == (10, 1, 10, 0)
    assert SqlAuditChain(store).has_triggers() is True


def test_a_change_of_the_state_is_one_row_in_the_same_transaction(store: SqlStore) -> None:
    before = judged(store).rows
    with store.engine.begin() as connection:  # the head is held: the change waits, and gives up whole
        connection.execute(select(AUDIT_HEAD).with_for_update()).all()
        impatient = SqlStore(
            str(store._url), clock=SystemClock(), auto_migrate=False, timeout=1.0, keys=store.keys
        )
        watch = Stopwatch()
        with pytest.raises(StoreUnavailable):
            opened(impatient)
        assert watch.seconds < 8  # then an emergency goes by the control plane alone
        impatient.close()
    assert judged(store).rows == before
    assert not store.read().is_active


ATTACKS = {
    "changed": [
        update(AUDIT).values(actor="nobody"),
        update(AUDIT).values(detail='{"n": 99}'),
        update(AUDIT).values(at=AUDIT.c.at + 1),
        update(AUDIT).values(epoch=AUDIT.c.epoch + 1),
        update(AUDIT).values(outcome="refused"),
        update(AUDIT).values(link="plain:" + "0" * 64),
    ],
    "removed": [delete(AUDIT)],
}


@pytest.mark.parametrize("kind", sorted(ATTACKS))
def test_rows_are_kept_from_mistakes_and_what_is_forced_is_found(store: SqlStore, kind: str) -> None:
    rng = random.Random(7)
    for statement in ATTACKS[kind]:
        number = rng.randint(2, 9)
        attack = statement.where(AUDIT.c.number == number)
        with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
            connection.execute(attack)
        assert judged(store).intact
        with store.engine.connect() as connection:
            drop_triggers(connection)
            row = connection.execute(select(AUDIT).where(AUDIT.c.number == number)).one()
            connection.execute(attack)
            connection.commit()
        found = judged(store)
        assert (found.breaks[0].kind, found.breaks[0].number) == (BreakKind(kind), number)
        with store.engine.begin() as connection:  # put back as it was
            connection.execute(delete(AUDIT).where(AUDIT.c.number == number))
            connection.execute(AUDIT.insert().values(**row._mapping))
        assert judged(store).intact
        store.migrate()
        assert SqlAuditChain(store).has_triggers() is True


def test_a_head_that_is_lost_or_wrong_stops_no_journal_and_is_told(store: SqlStore) -> None:
    for statement in (
        AUDIT_HEAD.update().values(number=3, link="plain:x"),
        delete(AUDIT_HEAD),
    ):
        with store.engine.begin() as connection:
            connection.execute(statement)
        store.journal(record(11))
        assert not judged(store).intact


def test_retention_cuts_the_beginning_and_leaves_a_chain(store: SqlStore) -> None:
    retention = SqlRetention(store, batch=4)
    gone = [retention.forget(before=0, journal_before=1e9 + 7)["journal"] for _ in range(3)]
    assert gone == [4, 3, 0]
    found = judged(store)
    assert found.intact, found.breaks
    assert (found.first, found.last) == (8, 10)
    anchor = SqlAuditChain(store).anchor()
    assert anchor is not None
    assert (anchor.number, anchor.rows) == (7, 7)
    retention.forget(before=0, journal_before=2e9)
    store.journal(record(12))
    found = judged(store)
    assert (found.intact, found.first, found.last) == (True, 11, 11)


def test_a_row_with_an_older_clock_is_kept_until_those_before_it_go(store: SqlStore) -> None:
    store.journal(record(50, at=5.0))
    assert SqlRetention(store).forget(before=0, journal_before=1e9)["journal"] == 0
    assert judged(store).rows == 11


def test_what_was_accepted_is_behind_us(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        drop_triggers(connection)
        connection.execute(delete(AUDIT).where(AUDIT.c.number == 4))
        connection.commit()
    store.migrate()
    assert not judged(store).intact
    chain = SqlAuditChain(store)
    chain.accept(record(60), reason="looked into", rows=9)
    found = judged(store)
    assert (found.intact, found.passed_over) == (True, 10)
    store.journal(record(61))
    assert judged(store).rows == 1


def test_the_journal_is_searched(store: SqlStore) -> None:
    journal = SqlJournal(store)

    def epochs(**wanted: object) -> list[int]:
        return [line.record.epoch for line in journal.lines(50, wanted=Wanted(**wanted))]  # type: ignore[arg-type]

    assert epochs(actor="me 3 ") == [3]
    assert epochs(since=1e9 + 7, until=1e9 + 9) == [8, 7]
    assert epochs(window="0" * 36) == []
    with store.engine.connect() as connection:
        drop_triggers(connection)
        connection.execute(update(AUDIT).where(AUDIT.c.number == 2).values(detail="[broken"))
        connection.commit()
    store.migrate()
    assert journal.lines(50)[8].record.detail == {"unreadable": "[broken"}


APPENDER = """
import sys
from guard.clock import SystemClock
from guard.core.audit_chain import ChainKeys
from guard.core.history import AuditRecord
from guard.store.sql.store import SqlStore
keys = ChainKeys(sys.argv[4].encode())
store = SqlStore(sys.argv[1], clock=SystemClock(), auto_migrate=False, timeout=10, keys=keys)
store.read()
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[3])):
    store.journal(AuditRecord(at=float(n), actor=sys.argv[2], action="race", epoch=n, outcome="done"))
store.engine.dispose()
"""


def test_several_processes_append_at_once_and_the_chain_has_no_fork(store: SqlStore) -> None:
    each, many = 25, 3
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, store._url, f"{number}", str(each), SECRET.decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(many)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert [process.returncode for process in processes] == [0] * many, answers
    found = judged(store)
    assert found.intact, found.breaks
    assert (found.rows, found.last) == (10 + each * many, 10 + each * many)


def test_verifying_while_rows_are_written_finds_nothing_wrong(store: SqlStore) -> None:
    stop = threading.Event()
    problems: list[GuardError] = []

    def write() -> None:
        try:
            while not stop.wait(0.02):  # SQLite gives nobody a turn between two writes of one process
                store.journal(record(70))
        except GuardError as error:
            problems.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [judged(store) for _ in range(4)]
    finally:
        stop.set()
        writer.join()
    assert not problems
    assert [one.breaks for one in found] == [()] * 4


def test_the_head_apart_follows_and_stays_when_rows_are_gone(store: SqlStore, valkey: Valkey) -> None:
    number = valkey.fresh_db()
    chain = SqlAuditChain(store)
    with connect(valkey.url(number), timeout=2.0, name="tests") as client:
        kept = RedisAuditHead(client, KEYS)
        apart = HeadApart(kept, chain, SystemClock())
        ends = chain.ends()
        assert ends.least is not None
        apart.tell(ends.least)
        assert apart.read() == ends.least
        assert_keys_listed(client)
        apart.tell(replace(ends.least, number=3))  # an older one never wins
        assert apart.read() == ends.least
        with store.engine.connect() as connection:  # cut the end off, and turn the head back
            drop_triggers(connection)
            connection.execute(delete(AUDIT).where(AUDIT.c.number > 6))
            link = connection.execute(select(AUDIT.c.link).where(AUDIT.c.number == 6)).scalar_one()
            connection.execute(AUDIT_HEAD.update().values(number=6, link=link))
            connection.commit()
        store.migrate()
        assert judged(store).intact  # from SQL alone nobody can tell
        for n in range(6):  # and the journal grows past the place
            store.journal(record(80 + n))
            row = chain.ends().least
            assert row is not None
            apart.tell(row)
        assert apart.read() == ends.least
        verdict = verify_chain(
            chain.rows(), ends=replace(chain.ends(), apart=apart.read()), keys=store.keys
        )
        assert [one.number for one in verdict.breaks] == [10]
        assert verdict.apart is False
        apart.force(head_of(12, "plain:x", store.keys))
        held = apart.read()
        assert held is not None
        assert held.number == 12


def test_redis_away_costs_a_change_one_try(store: SqlStore) -> None:
    with connect("redis://127.0.0.1:1/0", timeout=0.2, name="tests") as client:
        apart = HeadApart(RedisAuditHead(client, KEYS), SqlAuditChain(store), SystemClock())
        head = SqlAuditChain(store).ends().least
        assert head is not None
        apart.tell(head)
        assert apart._not_before > SystemClock().boot()
        with pytest.raises(StoreUnavailable):
            apart.read()


def test_rows_of_a_release_without_a_chain_are_chained_by_the_migration(sql_url: str) -> None:
    keys = ChainKeys(SECRET)
    store = SqlStore(sql_url, clock=SystemClock(), auto_migrate=False, keys=keys)
    store.migrate()
    with store.engine.begin() as connection:
        drop_triggers(connection)
        values = {"actor": "old", "action": "enable", "epoch": 1, "outcome": "done", "detail": "{}"}
        connection.execute(AUDIT.insert(), [{**values, "at": float(n)} for n in range(1203)])
        for statement in (
            "DROP TABLE guard_audit_head",
            "DROP TABLE guard_audit_anchors",
            "DROP TABLE guard_secrets",
            "DROP INDEX ix_guard_audit_number" + ("" if "sqlite" in sql_url else " ON guard_audit"),
            "ALTER TABLE guard_audit DROP COLUMN number",
            "ALTER TABLE guard_audit DROP COLUMN previous",
            "ALTER TABLE guard_audit DROP COLUMN link",
            "UPDATE guard_schema_version SET version_num = '0005'",
        ):
            connection.execute(text(statement))
    store.migrate()
    found = judged(store)
    assert (found.intact, found.rows, found.last, found.unsigned) == (True, 1203, 1203, 0)
    # an older release that still runs writes without a link: it is named, and can be accepted
    with store.engine.begin() as connection:
        connection.execute(AUDIT.insert().values(**values, at=5.0))
    assert [one.kind for one in judged(store).breaks] == [BreakKind.INSERTED]
    store.migrate()
    assert not judged(store).intact  # migrating again does not launder it
    store.close()
