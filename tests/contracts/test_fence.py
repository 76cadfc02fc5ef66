"""The fence: a job's transaction either ends before a window closes, or sees that it has closed."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from guard.core.modes import Mode, Phase
from guard.errors import MaintenanceActive, StateInvalid, StateMissing
from guard.gates.fence import fence
from tests.contracts.doers import at_epoch, ended, opened
from tests.support.eventually import throughout

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

CLOSED = ["closing", "draining", "active", "verifying"]


def test_without_a_window_the_job_writes(sql: SqlStore) -> None:
    with sql.engine.begin() as connection:
        fence(connection)
    opened(sql)
    ended(sql)
    with sql.engine.begin() as connection:
        fence(connection)


@pytest.mark.parametrize("phase", CLOSED)
@pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.EMERGENCY])
def test_a_window_stops_the_job_with_all_that_a_program_needs(sql: SqlStore, phase: str, mode: Mode) -> None:
    state = replace(at_epoch(1), phase=Phase(phase), mode=mode)
    sql.compare_and_set(0, state)
    with sql.engine.begin() as connection, pytest.raises(MaintenanceActive) as caught:
        fence(connection)
    assert (caught.value.mode, caught.value.reason, caught.value.epoch) == (mode.value, state.reason, 1)
    assert caught.value.retry_after >= 30


@pytest.mark.parametrize(
    ("phase", "mode"), [("active", "test"), ("closing", "test"), ("releasing", "emergency")]
)
def test_what_blocks_nothing_stops_no_job(sql: SqlStore, phase: str, mode: str) -> None:
    sql.compare_and_set(0, replace(at_epoch(1), phase=Phase(phase), mode=Mode(mode)))
    with sql.engine.begin() as connection:
        fence(connection)


def test_a_state_that_is_none_stops_the_job(sql: SqlStore) -> None:
    with sql.engine.begin() as connection:
        connection.execute(text("UPDATE guard_state SET phase = 'open'"))
    with sql.engine.begin() as connection, pytest.raises(StateInvalid):
        fence(connection)
    with sql.engine.begin() as connection:
        connection.execute(text("DELETE FROM guard_state"))
    with sql.engine.begin() as connection, pytest.raises(StateMissing):
        fence(connection)


# Once a bug: the docstring promises StateMissing; a database without the table raises SQLAlchemy's own
# error.
def test_a_database_without_our_tables_stops_the_job(sql_url: str) -> None:
    engine = create_engine(sql_url)
    try:
        with engine.begin() as connection, pytest.raises(StateMissing):
            fence(connection)
    finally:
        engine.dispose()


def test_a_window_waits_for_the_transaction_of_a_job(sql: SqlStore) -> None:
    thread = threading.Thread(target=lambda: opened(sql))
    with sql.engine.begin() as connection:
        fence(connection)
        thread.start()
        throughout(thread.is_alive, during=0.3, what="the change that waits for the job")
        assert connection.execute(text("SELECT epoch FROM guard_state")).scalar() == 0
    thread.join(10)
    assert sql.read().epoch == 1


def test_jobs_do_not_wait_for_each_other_on_mariadb(sql: SqlStore) -> None:
    if sql.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time, fence or not")
    with sql.engine.begin() as one, sql.engine.begin() as two:
        fence(one)
        fence(two)
