"""A glance says what the whole store says, and asks it whenever it cannot tell."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings

from guard.errors import SchemaNotReady, StoreUnavailable
from guard.store.sql.drivers import driver_for
from guard.store.sql.glance import Glance
from tests.contracts.doers import opened, sql_store
from tests.core.strategies import some
from tests.core.strategies import states as any_state
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.state import GuardState
    from guard.store.sql.store import SqlStore


def never() -> NoReturn:
    pytest.fail("the whole store was asked")


def test_of_a_new_installation(sql: SqlStore, sql_url: str) -> None:
    glance = Glance(sql_url, never)
    assert glance.read() == sql.read()
    assert glance.configuration_rows() == sql.configuration_rows()
    assert len(glance.configuration_rows()) == 5


def test_it_sees_each_change_at_once(sql: SqlStore, sql_url: str) -> None:
    glance = Glance(sql_url, never)
    assert glance.read().epoch == 0
    state = opened(sql)
    assert glance.read() == state
    assert glance.configuration_rows()["maintenance_mode"] == "true"


@given(any_state())
@settings(some, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_state(sql: SqlStore, sql_url: str, state: GuardState) -> None:
    from guard.store.sql.rows import state_values
    from guard.store.sql.schema import STATE

    with sql.engine.begin() as connection:
        connection.execute(STATE.update().values(**state_values(state)))
    assert Glance(sql_url, never).read() == sql.read()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM guard_state",
        "DROP TABLE guard_state",
        "UPDATE guard_schema_version SET version_num = '9999'",
        "DROP TABLE guard_schema_version",
        "ALTER TABLE guard_state RENAME COLUMN epoch TO era",
    ],
)
def test_what_is_not_as_it_should_be_is_left_to_the_whole_store(
    sql: SqlStore, sql_url: str, damage: str
) -> None:
    with sql.engine.begin() as connection:
        connection.exec_driver_sql(damage)
    asked = []

    def whole() -> SqlStore:
        asked.append(1)
        raise SchemaNotReady("asked")

    with pytest.raises(SchemaNotReady, match="asked"):
        Glance(sql_url, whole).read()
    assert asked


def test_rows_of_the_original_application(sql: SqlStore, sql_url: str) -> None:
    with sql.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE configuration")
        connection.exec_driver_sql("CREATE TABLE system_configuration (`key` VARCHAR(100), `value` TEXT)")
        connection.exec_driver_sql("INSERT INTO system_configuration VALUES ('Maintenance_Mode', 'true')")
    assert Glance(sql_url, never).configuration_rows() == {"maintenance_mode": "true"}
    with sql.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE system_configuration")
    assert Glance(sql_url, lambda: sql).configuration_rows() == {}


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?cache=shared",
        "mysql+pymysql://u:p@h/db?ssl_ca=/etc/ca.pem",
        "mysql+pymysql://u:p@h/db?charset=utf8&ssl_ca=x",
        "mysql+mysqldb://u:p@h/db",
        "postgresql://u:p@h/db",
        "mysql+pymysql://u:p@ss@h/db",
        "nonsense",
    ],
)
def test_other_addresses_are_left_to_sqlalchemy(url: str) -> None:
    assert driver_for(url, timeout=1.0) is None


def test_no_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sql_store(f"sqlite:///{path}") as store:
        glance = Glance(f"sqlite:///{path}", lambda: store)
        assert glance.read() == store.read(), "made by the whole store, as ever"
    fresh = tmp_path / "y.db"
    assert driver_for(f"sqlite:///{fresh}", timeout=1.0) is not None
    with pytest.raises(SchemaNotReady):
        Glance(f"sqlite:///{fresh}", _refuses).read()
    assert not fresh.exists()


def _refuses() -> NoReturn:
    raise SchemaNotReady("asked")


def test_nobody_listens() -> None:
    watch = Stopwatch()
    with pytest.raises(StoreUnavailable) as caught:
        Glance("mysql+pymysql://guard-user:hunter2@127.0.0.1:1/secret_db", never, timeout=1.0).read()
    assert watch.seconds < 3
    assert not any(word in str(caught.value) for word in ("hunter2", "guard-user", "127.0.0.1", "secret_db"))


def test_a_file_that_another_process_holds_for_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with sql_store(url) as store:
        store.migrate()
        store.close()
        holder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        try:
            holder.execute("PRAGMA locking_mode=EXCLUSIVE")
            holder.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreUnavailable):
                Glance(url, never, timeout=0.1).read()
        finally:
            holder.close()
        assert Glance(url, never).read().epoch == 0
