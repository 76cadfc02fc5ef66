"""SQL only: rows that somebody wrote by hand, and the application's own configuration table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from guard.core.configuration import rows_of
from guard.errors import StateInvalid, StateMissing
from guard.store.sql.migrate import SchemaState, schema_state
from tests.contracts.doers import REQUEST, opened, sql_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.store.sql.store import SqlStore


def run(store: SqlStore, *statements: str) -> None:
    quote = "`key`" if store.engine.dialect.name != "sqlite" else '"key"'
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement.replace("KEY_", quote)))


def rows(store: SqlStore, query: str) -> list[tuple[object, ...]]:
    quote = "`key`" if store.engine.dialect.name != "sqlite" else '"key"'
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query.replace("KEY_", quote)))]


@pytest.fixture
def new(sql_url: str) -> Iterator[SqlStore]:
    """A store on a database in which an application has lived before."""
    with sql_store(sql_url, auto_migrate=False) as store:
        yield store


OWN = {
    "configuration, as in the guides": """
        CREATE TABLE configuration (KEY_ VARCHAR(100) PRIMARY KEY, value TEXT, description TEXT)""",
    "configuration, bare": """
        CREATE TABLE configuration (KEY_ VARCHAR(100) NOT NULL UNIQUE, value TEXT NOT NULL)""",
    "system_configuration, with more columns": """
        CREATE TABLE system_configuration (id INTEGER PRIMARY KEY {auto}, KEY_ VARCHAR(100) NOT NULL UNIQUE,
        value TEXT, description TEXT, data_type VARCHAR(20) NOT NULL, category VARCHAR(50) NOT NULL,
        is_sensitive BOOLEAN NOT NULL DEFAULT 0, updated_by INTEGER, created_at DATETIME NOT NULL,
        updated_at DATETIME NOT NULL)""",
}


@pytest.mark.parametrize("ddl", OWN.values(), ids=OWN)
def test_the_applications_own_table_is_used_and_not_changed(new: SqlStore, ddl: str) -> None:
    name = "system_configuration" if "system_configuration" in ddl else "configuration"
    auto = "AUTO_INCREMENT" if new.engine.dialect.name != "sqlite" else "AUTOINCREMENT"
    run(new, ddl.format(auto=auto))
    if name == "configuration":
        run(new, "INSERT INTO configuration (KEY_, value) VALUES ('site_name', 'My shop')")
    new.migrate()
    state = opened(new)
    assert new.configuration_rows() == rows_of(state)
    kept = rows(new, f"SELECT value FROM {name} WHERE KEY_ = 'site_name'")  # noqa: S608
    assert kept == ([("My shop",)] if name == "configuration" else [])
    assert rows(new, f"SELECT COUNT(*) FROM {name} WHERE KEY_ LIKE 'maintenance%'") == [(5,)]  # noqa: S608


def test_a_row_by_hand_is_seen_at_once(sql: SqlStore) -> None:
    run(sql, "UPDATE configuration SET value = 'true' WHERE KEY_ = 'maintenance_mode'")
    assert sql.configuration_rows()["maintenance_mode"] == "true"


def test_a_row_that_somebody_deleted_comes_back(sql: SqlStore) -> None:
    run(sql, "DELETE FROM configuration WHERE KEY_ LIKE 'maintenance_%'")
    assert sql.configuration_rows() == {}
    opened(sql)
    assert sql.configuration_rows() == rows_of(sql.read())


def test_a_table_that_wants_what_we_do_not_know_is_only_updated(new: SqlStore) -> None:
    run(
        new,
        "CREATE TABLE configuration (KEY_ VARCHAR(100) PRIMARY KEY, value TEXT, updated_by INTEGER NOT NULL)",
        "INSERT INTO configuration VALUES ('maintenance_mode', 'false', 7)",
    )
    new.migrate()
    opened(new)
    assert new.configuration_rows() == {"maintenance_mode": "true"}
    assert rows(new, "SELECT updated_by FROM configuration") == [(7,)]


def test_without_a_table_a_window_opens_all_the_same(sql: SqlStore) -> None:
    run(sql, "DROP TABLE configuration")
    assert sql.configuration_rows() == {}
    opened(sql)
    assert sql.read().epoch == 1


# Once a bug: a table of this name that holds something else makes `migrate` fail for ever (SQLite), or
# after the first state was written (MariaDB).
def test_a_configuration_table_that_holds_something_else_is_left_alone(new: SqlStore) -> None:
    run(new, "CREATE TABLE configuration (id INTEGER PRIMARY KEY, document TEXT)")
    new.migrate()
    assert schema_state(new.engine) is SchemaState.READY
    assert opened(new).epoch == 1
    assert new.configuration_rows() == {}


# Once a bug: a reason longer than the application's column makes `enable` fail with StoreUnavailable on
# MariaDB: a view of the state must not keep a window from closing.
def test_a_short_column_of_the_application_does_not_keep_a_window_from_opening(new: SqlStore) -> None:
    run(new, "CREATE TABLE configuration (KEY_ VARCHAR(40) PRIMARY KEY, value VARCHAR(5))")
    new.migrate()
    assert opened(new).reason == REQUEST.reason
    assert new.read().epoch == 1


# Once a bug: MariaDB compares without case, we do not: IntegrityError, and no window can be opened.
def test_keys_in_capitals_do_not_keep_a_window_from_opening(new: SqlStore) -> None:
    run(
        new,
        "CREATE TABLE configuration (KEY_ VARCHAR(40) PRIMARY KEY, value TEXT)",
        "INSERT INTO configuration VALUES ('MAINTENANCE_MODE', 'false')",
    )
    new.migrate()
    assert opened(new).epoch == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("phase = 'open'", id="a phase that does not exist"),
        pytest.param("mode = 'off'", id="a mode that does not exist"),
        pytest.param("mode = ''", id="an empty mode"),
        pytest.param("phase = ''", id="an empty phase"),
    ],
)
def test_a_state_by_hand_that_is_none(sql: SqlStore, change: str) -> None:
    opened(sql)
    run(sql, f"UPDATE guard_state SET {change}")  # noqa: S608
    with pytest.raises(StateInvalid):
        sql.read()


# Once a bug: `guard.core.record` refuses these, SQL does not; the first one reads as OPEN.
@pytest.mark.parametrize(
    "change",
    [
        pytest.param("mode = NULL", id="active without a mode"),
        pytest.param("phase = 'inactive'", id="inactive with a mode"),
        pytest.param("epoch = -1", id="a negative epoch"),
    ],
)
def test_a_state_by_hand_that_contradicts_itself(sql: SqlStore, change: str) -> None:
    opened(sql)
    run(sql, f"UPDATE guard_state SET {change}")  # noqa: S608
    with pytest.raises(StateInvalid):
        sql.read()


def test_a_state_that_somebody_deleted_is_missing_and_never_open(sql: SqlStore) -> None:
    run(sql, "DELETE FROM guard_state")
    with pytest.raises(StateMissing, match="maintenance migrate"):
        sql.read()
    with pytest.raises(StateMissing):
        opened(sql)
