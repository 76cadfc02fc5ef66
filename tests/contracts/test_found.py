"""What windows found, in SQL: kept in the transaction that opens one, completed later, rows written back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from guard.core import changes
from guard.core.configuration import rows_of
from guard.core.difference import WriteRow
from guard.core.differences import differences, when_over
from guard.core.found import Consumer, PlannedWindow
from guard.core.modes import Phase
from guard.errors import IllegalMove, StateInvalid
from guard.store.sql.found import SqlFound
from guard.store.sql.schema import FOUND, SCHEDULES
from tests.contracts.doers import closed, ended, first, opened, record_of, sql_store
from tests.contracts.test_sql_rows import OWN, rows, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.store.sql.store import SqlStore

APPS = "system_configuration"
W1 = {"agent-1": Consumer(node="w1@one", queues=("p", "q"))}


@pytest.fixture
def found(sql: SqlStore) -> SqlFound:
    """The records of a new installation, on our own configuration table."""
    return SqlFound(sql)


@pytest.fixture
def apps(sql_url: str) -> Iterator[SqlStore]:
    """A store beside the application's own table, which holds more than the guides' rows."""
    with sql_store(sql_url, auto_migrate=False) as store:
        auto = "AUTO_INCREMENT" if store.engine.dialect.name != "sqlite" else "AUTOINCREMENT"
        run(store, OWN["system_configuration, with more columns"].format(auto=auto))
        add_row(store, "maintenance_contact", "ops", "maintenance")
        add_row(store, "maintenance_hint", None, "maintenance")
        add_row(store, "maintenance_key", "s3cret", "maintenance", sensitive=1)
        add_row(store, "site_name", "My shop", "general")
        store.migrate()
        yield store


def add_row(store: SqlStore, key: str, value: str | None, category: str, *, sensitive: int = 0) -> None:
    given = "NULL" if value is None else f"'{value}'"
    columns = "KEY_, value, data_type, category, is_sensitive, created_at, updated_at"
    run(
        store,
        f"INSERT INTO {APPS} ({columns}) VALUES ('{key}', {given}, 'string', '{category}', {sensitive}, "  # noqa: S608
        "'2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    )


def value_of(store: SqlStore, key: str) -> object:
    return rows(store, f"SELECT value FROM {APPS} WHERE KEY_ = '{key}'")[0][0]  # noqa: S608


def plan(store: SqlStore, plan_id: str, revision: int = 1, cancelled_at: float | None = None) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            SCHEDULES.insert().values(
                schedule_id=plan_id,
                revision=revision,
                plan='{"rule": "weekly"}',
                changed_at=1.0,
                changed_by="ops",
                cancelled_at=cancelled_at,
            )
        )


def test_it_is_what_was_there_before_the_window_changed_it(sql: SqlStore, found: SqlFound) -> None:
    plan(sql, "p-1", 3)
    plan(sql, "p-2", cancelled_at=2.0)
    before = sql.read()
    state = opened(sql)
    kept = found.of(state.window_id)
    assert kept is not None
    assert kept.configuration == rows_of(before)
    assert (kept.epoch, kept.phase, kept.mode) == (before.epoch, Phase.INACTIVE, None)
    assert kept.generation == before.generation
    assert kept.plans == {"p-1": PlannedWindow(revision=3, plan='{"rule": "weekly"}')}
    assert (kept.consumers, kept.settings, kept.beat) == (None, None, None), "nobody has said so yet"


def test_without_a_window_there_is_none(found: SqlFound) -> None:
    assert found.of("nope") is None
    state, now = found.now()
    assert (state.epoch, now.configuration) == (0, rows_of(state))


def test_a_window_that_was_journaled_late_has_none(sql: SqlStore, found: SqlFound) -> None:
    """The rows are as they were before, but who knows since when the fleet is closed."""
    old = sql.read()
    state = closed(old)
    sql.change(old.epoch, state, replace(record_of(state, "enable"), outcome="journaled late"))
    assert found.of(state.window_id) is None


def test_a_second_window_has_its_own(sql: SqlStore, found: SqlFound) -> None:
    one = opened(sql, "w-1")
    ended(sql)
    run(sql, "UPDATE configuration SET value = 'sunday' WHERE KEY_ = 'maintenance_reason'")
    two = opened(sql, "w-2")
    kept = [found.of(state.window_id) for state in (one, two)]
    assert [one.configuration["maintenance_reason"] for one in kept if one and one.configuration] == [
        "",
        "sunday",
    ]


def test_only_rows_of_maintenance_are_kept_and_no_secrets(apps: SqlStore) -> None:
    state = opened(apps)
    kept = SqlFound(apps).of(state.window_id)
    assert kept is not None
    assert kept.configuration is not None
    assert kept.configuration.keys() - rows_of(state).keys() == {"maintenance_contact", "maintenance_hint"}
    assert kept.configuration["maintenance_hint"] is None
    assert kept.withheld == ("maintenance_key",)
    assert "s3cret" not in str(rows(apps, "SELECT found FROM guard_found"))


def test_rows_are_written_back_and_then_there_is_no_difference(apps: SqlStore) -> None:
    records = SqlFound(apps)
    state = opened(apps)
    kept = records.of(state.window_id)
    assert kept is not None
    for key in ("maintenance_contact", "maintenance_hint", "maintenance_reason"):
        run(apps, f"UPDATE {APPS} SET value = 'by hand' WHERE KEY_ = '{key}'")  # noqa: S608
    now_state, now = records.now()
    predicted = differences(kept, when_over(now, now_state))
    ended(apps)
    _, now = records.now()
    changed = differences(kept, now)
    assert [one.what for one in changed] == ["maintenance_contact", "maintenance_hint"]
    assert changed == predicted
    acts = [one.undo for one in changed if isinstance(one.undo, WriteRow)]
    assert records.write_rows(acts) == dict.fromkeys([act.key for act in acts], "")
    assert differences(kept, records.now()[1]) == ()
    assert (value_of(apps, "maintenance_contact"), value_of(apps, "maintenance_hint")) == ("ops", None)
    assert value_of(apps, "site_name") == "My shop"
    touched = rows(apps, f"SELECT updated_at FROM {APPS} WHERE KEY_ = 'maintenance_contact'")  # noqa: S608
    assert "2026-01-01" not in str(touched)


def test_other_rows_of_the_application_are_never_written(apps: SqlStore) -> None:
    done = SqlFound(apps).write_rows([WriteRow(key="site_name", value="hacked")])
    assert done == {"site_name": "there is no such row any more"}
    assert value_of(apps, "site_name") == "My shop"


def test_a_value_that_the_table_does_not_take_is_said_and_the_others_are_written(sql_url: str) -> None:
    with sql_store(sql_url, auto_migrate=False) as store:
        run(
            store,
            "CREATE TABLE configuration (KEY_ VARCHAR(40) PRIMARY KEY, value VARCHAR(30) NOT NULL, "
            "category VARCHAR(20))",
            "INSERT INTO configuration VALUES ('a', 'x', 'maintenance'), ('b', 'x', 'maintenance')",
        )
        store.migrate()
        done = SqlFound(store).write_rows([WriteRow(key="a", value=None), WriteRow(key="b", value="y")])
        assert done["b"] == ""
        assert "does not take it" in done["a"]
        assert rows(store, "SELECT value FROM configuration WHERE KEY_ IN ('a', 'b') ORDER BY KEY_") == [
            ("x",),
            ("y",),
        ]


def test_rows_are_not_written_while_a_window_is_open(sql: SqlStore, found: SqlFound) -> None:
    state = opened(sql)
    with pytest.raises(IllegalMove, match="end the window first"):
        found.write_rows([WriteRow(key="maintenance_reason", value="x")])
    assert sql.configuration_rows() == rows_of(state)


def test_without_a_configuration_table(sql: SqlStore, found: SqlFound) -> None:
    run(sql, "DROP TABLE configuration")
    state = opened(sql)
    kept = found.of(state.window_id)
    assert kept is not None
    assert kept.configuration == {}
    ended(sql)
    assert "no configuration table" in found.write_rows([WriteRow(key="a", value="x")])["a"]


def test_what_people_write_between_windows_outlives_the_end_of_a_release(
    sql: SqlStore, found: SqlFound
) -> None:
    """Once a bug: the change from releasing to inactive wrote all rows again, over what was restored."""
    opened(sql)
    old = sql.read()
    releasing = changes.release(old, by="eve", now=old.changed_at + 1)
    sql.change(old.epoch, releasing, record_of(releasing, "disable"))
    found.write_rows([WriteRow(key="maintenance_reason", value="sunday")])
    over = changes.finish_release(releasing, now=old.changed_at + 2)
    sql.change(releasing.epoch, over, record_of(over, "released"))
    assert sql.configuration_rows() == {**rows_of(over), "maintenance_reason": "sunday"}


def test_what_the_fleet_says_is_added_once(sql: SqlStore, found: SqlFound) -> None:
    state = opened(sql)
    found.complete(state.window_id, consumers=None, settings={"A": "1"}, beat={})
    found.complete(state.window_id, consumers=W1, settings={"A": "2"}, beat={"x": "y"})
    found.complete(state.window_id, consumers={}, settings={}, beat={})
    kept = found.of(state.window_id)
    assert kept is not None
    assert (kept.consumers, kept.settings, kept.beat) == (W1, {"A": "1"}, {})
    found.complete("nope", consumers=W1, settings={}, beat={})
    assert found.of("nope") is None


def test_a_part_that_is_too_long_stays_unknown(sql: SqlStore, found: SqlFound) -> None:
    state = opened(sql)
    many = {f"agent-{number}": Consumer(node="ü" * 100, queues=("q",)) for number in range(200)}
    found.complete(state.window_id, consumers=many, settings={"A": "1"}, beat={})
    kept = found.of(state.window_id)
    assert kept is not None
    assert (kept.consumers, kept.settings) == (None, {"A": "1"})


@pytest.mark.parametrize("damaged", ["", "{", "[]", "{}"])
def test_a_damaged_record_is_unreadable_not_empty(sql: SqlStore, found: SqlFound, damaged: str) -> None:
    state = opened(sql)
    with sql.engine.begin() as connection:
        connection.execute(FOUND.update().values(found=damaged))
    with pytest.raises(StateInvalid):
        found.of(state.window_id)


def test_a_window_opens_although_its_record_cannot_be_kept(sql: SqlStore) -> None:
    """Somebody has left a record of this very id there."""
    with sql.engine.begin() as connection:
        connection.execute(text("INSERT INTO guard_found (window_id, found) VALUES ('w-1', '{}')"))
    assert opened(sql).epoch == first().epoch + 1
    assert sql.read().is_active
