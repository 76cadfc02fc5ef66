"""Tables of a real PostgreSQL: vacuumed and analysed, locked by others, missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.errors import StoreUnavailable
from guard.upkeep.postgresql_tables import PostgresTables
from guard.upkeep.tables import open_database
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from tests.support.postgresql import PostgreSQL


@pytest.fixture(scope="module")
def database(postgresql: PostgreSQL) -> str:
    """Two tables; half of the rows of one are dead."""
    name = postgresql.create_database()
    with postgresql.connect(name) as connection:
        connection.execute("CREATE TABLE images (id serial PRIMARY KEY, caption text)")
        connection.execute('CREATE TABLE "Odd Name" (id int)')
        connection.execute(
            "INSERT INTO images (caption) SELECT repeat('x', 200) FROM generate_series(1, 2000)"
        )
        connection.execute("DELETE FROM images WHERE id % 2 = 0")
    # A server process reports what it did when it ends: a vacuum may be counted before the deletion
    dead = (0, 0, 1000)
    eventually(lambda: _statistics(postgresql, name) == dead, within=30, what="the dead rows to be counted")
    return name


def _statistics(postgresql: PostgreSQL, name: str) -> object:
    """How often the table was vacuumed and analysed, and how many dead rows it has."""
    with postgresql.connect(name) as connection:
        return connection.execute(
            "SELECT vacuum_count, analyze_count, n_dead_tup FROM pg_stat_user_tables WHERE relname = 'images'"
        ).fetchone()


@pytest.fixture
def tables(postgresql: PostgreSQL, database: str) -> PostgresTables:
    """Opened as the guard opens it, with a short wait for locks."""
    opened = open_database(postgresql.url(database), lock_wait=1)
    assert isinstance(opened, PostgresTables)
    return opened


def test_it_is_vacuumed_and_analysed(tables: PostgresTables, postgresql: PostgreSQL, database: str) -> None:
    before = tables.facts(("images", "no_such_table", "Odd Name"))
    assert set(before) == {"images", "Odd Name"}
    assert before["images"].rows is None  # never analysed: unknown, not none
    for name in before:
        assert tables.analyse(name, within=30) == ""
    after = tables.facts(("images",))["images"]
    assert after.rows == 1000
    assert after.size is not None
    assert after.size > 200 * 1000
    assert _statistics(postgresql, database) == (1, 1, 0)


def test_a_lock_of_somebody_else_is_waited_for_no_longer_than_was_said(
    tables: PostgresTables, postgresql: PostgreSQL, database: str
) -> None:
    with postgresql.connect(database) as other, other.transaction():
        other.execute("LOCK TABLE images IN ACCESS EXCLUSIVE MODE")
        assert "lock timeout" in tables.analyse("images", within=30)
        assert "lock timeout" in tables.read_one("images")
    assert tables.read_one("images") == ""


def test_nothing_is_rebuilt_and_a_missing_table_is_a_problem(tables: PostgresTables) -> None:
    assert "are not rebuilt" in tables.optimise("images", within=30)
    assert "does not exist" in tables.analyse("no_such_table", within=30)


def test_a_server_that_is_away(postgresql: PostgreSQL) -> None:
    nowhere = open_database(postgresql.url("no_such_database"), lock_wait=1)
    assert "no_such_database" in nowhere.analyse("images", within=30)
    with pytest.raises(StoreUnavailable):
        nowhere.facts(("images",))
