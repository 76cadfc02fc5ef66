"""Migrations of tables that are large or that others have open, on a server that undoes nothing."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from guard.errors import StoreUnavailable
from guard.store.sql import migrate
from guard.store.sql.migrate import SchemaState, schema_state
from tests.contracts.doers import sql_store
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from guard.store.sql.store import SqlStore

TIMEOUT = 1.0
WAITING = (
    "SELECT id, time_ms FROM information_schema.processlist "
    "WHERE db = DATABASE() AND state LIKE 'Waiting for table metadata lock%'"
)


@pytest.fixture
def old(mariadb_url: str) -> Iterator[SqlStore]:
    """A store of the first release on MariaDB, to be migrated by one that waits a second for answers."""
    with sql_store(mariadb_url, auto_migrate=False, timeout=TIMEOUT) as store:
        store.migrate()
        with store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE guard_state DROP COLUMN terms"))
            connection.execute(text("UPDATE guard_schema_version SET version_num = '0001'"))
        yield store


@pytest.fixture
def reader(old: SqlStore) -> Iterator[Connection]:
    """Somebody in a transaction that has read the table which is to be altered, as `mysqldump` does."""
    with old.engine.connect() as connection:
        connection.execute(text("SELECT epoch FROM guard_state"))
        yield connection


@pytest.fixture
def apart() -> Iterator[Callable[[Callable[[], None]], Future[None]]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


# Once a bug: a statement of a migration had the three seconds of every other one. One that took longer, as it
# does on a large journal, was cut off in the middle.
def test_a_statement_that_takes_longer_than_answers_may(
    old: SqlStore, reader: Connection, apart: Callable[[Callable[[], None]], Future[None]]
) -> None:
    done = apart(old.migrate)
    eventually(
        lambda: any(row.time_ms > 2500 * TIMEOUT for row in reader.execute(text(WAITING))),
        what="the ALTER to wait for longer than the store's timeout",
    )
    assert not done.done()
    reader.rollback()
    done.result(timeout=60)
    assert schema_state(old.engine) is SchemaState.READY


# Once a bug: giving the lock back failed too, and the error spoke of that (PendingRollbackError), so that
# nobody tried again.
def test_a_connection_that_is_lost_is_named_and_tried_again(
    old: SqlStore, reader: Connection, apart: Callable[[Callable[[], None]], Future[None]]
) -> None:
    done = apart(old.migrate)
    killed: set[int] = set()

    def killing() -> bool:
        for row in reader.execute(text(WAITING)).all():
            killed.add(row.id)
            reader.execute(text(f"KILL {row.id}"))
        return done.done()

    eventually(killing, within=20, what="the migration to end")
    with pytest.raises(StoreUnavailable, match=r"\(OperationalError\)"):
        done.result()
    assert len(killed) > 1, "it was tried again"
    reader.rollback()
    old.migrate()
    assert schema_state(old.engine) is SchemaState.READY


@pytest.mark.parametrize("how", ["a table that stays open", "another migration that goes on"])
def test_others_are_waited_for_in_vain(
    old: SqlStore, reader: Connection, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(migrate, "_OTHERS_WITHIN", 1)
    if how == "a table that stays open":
        expected = r"\(OperationalError\)"
    else:
        expected = "another process has been migrating the guard's tables for 1 seconds: wait for it"
        reader.rollback()
        assert reader.execute(text("SELECT GET_LOCK('guard_migration', 0)")).scalar() == 1
    with pytest.raises(StoreUnavailable, match=expected):
        old.migrate()
    reader.execute(text("SELECT RELEASE_LOCK('guard_migration')"))
    reader.rollback()
    old.migrate()
    assert schema_state(old.engine) is SchemaState.READY
