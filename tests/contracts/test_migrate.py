"""The schema: missing, half migrated, newer; completed by `migrate`, by one process or by several at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from guard.core.configuration import rows_of
from guard.core.terms import Terms
from guard.errors import SchemaNotReady, StateMissing
from guard.store.sql.glance import Glance
from guard.store.sql.migrate import SchemaState, schema_state
from guard.store.sql.names import only_adds
from tests.contracts.doers import ended, opened, sql_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.store.sql.store import SqlStore

REMEDY = "celery -A yourapp maintenance migrate"
TABLES = [
    "guard_alerts",
    "guard_approvals",
    "guard_audit",
    "guard_audit_anchors",
    "guard_audit_head",
    "guard_break_glass",
    "guard_bypasses",
    "guard_drill_words",
    "guard_drills",
    "guard_found",
    "guard_occurrences",
    "guard_outbox",
    "guard_page_sessions",
    "guard_report_notes",
    "guard_reports",
    "guard_roll",
    "guard_routine_locks",
    "guard_routines",
    "guard_schedules",
    "guard_second_factors",
    "guard_secrets",
    "guard_tokens",
    "guard_windows",
    "guard_state",
    "guard_schema_version",
]


@pytest.fixture
def bare(sql_url: str) -> Iterator[SqlStore]:
    """A store that migrates only when it is told to."""
    with sql_store(sql_url, auto_migrate=False) as store:
        yield store


def run(store: SqlStore, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def contents(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    """Every table with all of its rows."""
    with store.engine.connect() as connection:
        tables = sorted(inspect(connection).get_table_names())
        return {
            name: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))), key=repr)  # noqa: S608
            for name in tables
        }


def test_without_tables_nothing_works_and_the_remedy_is_named(bare: SqlStore) -> None:
    for use in (bare.read, lambda: bare.windows(1), bare.configuration_rows):
        with pytest.raises(SchemaNotReady, match=REMEDY):
            use()
    assert contents(bare) == {}


def test_migrating_makes_everything_and_again_changes_nothing(bare: SqlStore) -> None:
    bare.migrate()
    assert schema_state(bare.engine) is SchemaState.READY
    before = contents(bare)
    assert set(TABLES) | {"configuration"} == set(before)
    bare.migrate()
    assert contents(bare) == before


def test_migrating_keeps_a_window_that_is_open(bare: SqlStore) -> None:
    bare.migrate()
    state = opened(bare)
    before = contents(bare)
    bare.migrate()
    assert (bare.read(), contents(bare)) == (state, before)


def test_a_store_of_its_own_migrates_at_first_use(sql_url: str) -> None:
    with sql_store(sql_url, auto_migrate=True) as store:
        assert store.read().epoch == 0


HALF = {
    **{f"{table} is gone": f"DROP TABLE {table}" for table in TABLES},
    "no version was written": "DELETE FROM guard_schema_version",
    "no first state was written": "DELETE FROM guard_state",
}


@pytest.mark.parametrize("damage", HALF.values(), ids=HALF)
def test_half_migrated_is_refused_with_the_remedy_and_left_alone(
    sql: SqlStore, sql_url: str, damage: str
) -> None:
    run(sql, damage)
    before = contents(sql)
    with sql_store(sql_url, auto_migrate=False, timeout=2.0) as again:
        for use in (again.read, lambda: opened(again)):
            with pytest.raises(SchemaNotReady, match=f"half migrated: run `{REMEDY}`"):
                use()
        assert contents(sql) == before


# Once a bug: when the version is already at head, Alembic has nothing to do and a missing table stays
# missing; a store with auto_migrate then believes that it is ready.
@pytest.mark.parametrize("damage", HALF.values(), ids=HALF)
def test_migrating_completes_what_is_half_done(sql: SqlStore, damage: str) -> None:
    run(sql, damage)
    sql.migrate()
    assert schema_state(sql.engine) is SchemaState.READY
    assert opened(sql).epoch == 1


@pytest.mark.parametrize("version", ["9999", "garbage", ""])
def test_a_newer_schema_is_refused_and_left_alone(sql: SqlStore, sql_url: str, version: str) -> None:
    run(sql, f"UPDATE guard_schema_version SET version_num = '{version}'")  # noqa: S608
    before = contents(sql)
    for auto_migrate in (False, True):
        with sql_store(sql_url, auto_migrate=auto_migrate, timeout=2.0) as again:
            for use in (again.read, again.migrate):
                with pytest.raises(SchemaNotReady, match="newer than this release: install the release"):
                    use()
    assert contents(sql) == before


LATER = (
    "UPDATE guard_schema_version SET version_num = '0999'",
    "CREATE TABLE guard_of_a_later_release (id INTEGER PRIMARY KEY)",
    "ALTER TABLE guard_state ADD COLUMN later TEXT",
    "ALTER TABLE guard_audit ADD COLUMN later TEXT",
    "ALTER TABLE guard_windows ADD COLUMN later TEXT",
)


# Once a bug: whatever started after the migration of a rolling deploy, and was of the release before, found
# the tables "newer", so its gate stayed closed.
def test_tables_to_which_a_later_release_only_added_are_used_and_left_alone(
    sql: SqlStore, sql_url: str
) -> None:
    for statement in LATER:
        run(sql, statement)
    for auto_migrate in (False, True):
        with sql_store(sql_url, auto_migrate=auto_migrate) as again:
            assert schema_state(again.engine) is SchemaState.READY
            before = contents(again)
            again.migrate()
            assert contents(again) == before
            state = opened(again, f"w-{auto_migrate}")
            assert again.read() == state
            glance = Glance(sql_url, lambda: pytest.fail("the glance did not do"))
            assert glance.read() == state
            ended(again)


def test_what_a_later_release_made_and_is_not_whole_is_left_to_that_release(sql: SqlStore) -> None:
    run(sql, "UPDATE guard_schema_version SET version_num = '0999'")
    run(sql, "DROP TABLE guard_roll")
    sql._ready = False
    with pytest.raises(SchemaNotReady, match="newer than this release: install the release"):
        sql.read()


WRONG = ["0001", "1000", "0011x", "00111", "\uff10\uff19\uff19\uff19", "", None, 11]


@pytest.mark.parametrize("version", WRONG)
def test_what_is_not_known_to_only_add(version: object) -> None:
    assert not only_adds(version)


def test_a_store_that_was_ready_sees_its_state_vanish(sql: SqlStore) -> None:
    sql.read()
    run(sql, "DELETE FROM guard_state")
    with pytest.raises(StateMissing):
        sql.read()


# Once a bug: a lost `configuration` table is never made again; on MariaDB a crash between the first state
# and that table leaves the same.
def test_migrating_makes_the_configuration_table_again(sql: SqlStore) -> None:
    run(sql, "DROP TABLE configuration")
    sql.migrate()
    assert sql.configuration_rows() == rows_of(sql.read())


MIGRATOR = """
import sys
from guard.clock import SystemClock
from guard.store.sql.store import SqlStore
store = SqlStore(sys.argv[1], clock=SystemClock(), auto_migrate=True)
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[2] == "migrate":
    store.migrate()
print(store.read().store_id, flush=True)
store.engine.dispose()
"""


@pytest.mark.parametrize("how", ["migrate", "first use"])
def test_several_processes_migrate_at_once(sql_url: str, how: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, sql_url, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:  # all imports are done: now they really race
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=30) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert [process.returncode for process in processes] == [0] * 3, answers
    assert len({out for out, _ in answers}) == 1, "they disagree about the first state"
    with sql_store(sql_url, auto_migrate=False) as store:
        assert schema_state(store.engine) is SchemaState.READY
        assert store.configuration_rows() == rows_of(store.read())


# Once a bug: Alembic's `context` and `op` belong to the whole process, so two threads that migrate at once
# get KeyError('config'), which is no error of ours. The agent's main thread and its witness meet there on a
# new SQLite file, and the witness then ends. On MariaDB the CREATE TABLE of the rows also commits the first
# state before the rows are in: who is ready in between collides with their insertion.
def test_several_threads_use_a_new_database_at_once(sql_url: str) -> None:
    with sql_store(sql_url, auto_migrate=True) as store, ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: store.read().store_id, range(6)))
        assert len(set(found)) == 1
        assert store.configuration_rows() == rows_of(store.read())


def test_an_installation_of_the_first_release_keeps_its_open_window(bare: SqlStore) -> None:
    """Revision 0001 had no terms, no roll and no generation."""
    bare.migrate()
    state = opened(bare)
    for statement in (
        "ALTER TABLE guard_state DROP COLUMN terms",
        "ALTER TABLE guard_state DROP COLUMN generation",
        "DROP TABLE guard_roll",
        "UPDATE guard_schema_version SET version_num = '0001'",
    ):
        run(bare, statement)
    bare._ready = False
    with pytest.raises(SchemaNotReady, match=REMEDY):
        bare.read()
    bare.migrate()
    assert bare.read() == replace(state, terms=Terms())
    assert bare.roll(state.window_id) == []
