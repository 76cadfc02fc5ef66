"""Old history goes, a little at a time; the current window, last results and the journal stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from guard.core import changes
from guard.core.alerts import Alert, Severity
from guard.core.history import AuditRecord
from guard.core.routines import Outcome
from guard.store.sql.alerts import SqlAlerts
from guard.store.sql.retention import SqlRetention
from guard.store.sql.routines import SqlRoutines
from guard.store.sql.schema import (
    ALERTS,
    APPROVALS,
    AUDIT,
    BREAK_GLASS,
    BYPASSES,
    FOUND,
    METADATA,
    OCCURRENCES,
    PAGE_SESSIONS,
    REPORT_NOTES,
    REPORTS,
    ROLL,
    ROUTINES,
    SCHEDULES,
    TOKENS,
    WINDOWS,
)
from tests.contracts.doers import REQUEST

if TYPE_CHECKING:
    from sqlalchemy import Table

    from guard.store.sql.store import SqlStore

YEAR = 365 * 86_400.0


def rows(sql: SqlStore, table: Table) -> int:
    with sql.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)


def add(sql: SqlStore, table: Table, **values: object) -> None:
    with sql.engine.begin() as connection:
        connection.execute(table.insert().values(**values))


def window(sql: SqlStore, window_id: str, ended_at: float | None) -> None:
    add(
        sql,
        WINDOWS,
        window_id=window_id,
        mode="normal",
        reason="r",
        opened_by="b",
        started_at=1.0,
        duration=60,
        ended_at=ended_at,
        ended_by="",
        account="{}",
    )
    add(sql, FOUND, window_id=window_id, found="{}")
    add(
        sql,
        ROLL,
        window_id=window_id,
        agent_id="a",
        node="n",
        host="h",
        pid=1,
        machine="",
        page="",
        fate="left",
    )


def test_what_is_old_goes_and_the_rest_stays(sql: SqlStore) -> None:
    for name, ended in (("old", 10.0), ("new", 200.0), ("open", None)):
        window(sql, name, ended)
    alerts = SqlAlerts(sql)
    for at in (10.0, 200.0):
        alerts.raise_alert(Alert(at=at, severity=Severity.INFO, kind="k", message="m"))
    for schedule, starts, changed in (("s1", 10.0, 10.0), ("s1", 20.0, 200.0), ("s2", 300.0, 10.0)):
        add(
            sql,
            OCCURRENCES,
            schedule_id=schedule,
            starts_at=starts,
            stage="over",
            detail="{}",
            changed_at=changed,
        )
    for schedule, cancelled in (("s1", 10.0), ("s3", 10.0), ("s4", None)):
        add(
            sql,
            SCHEDULES,
            schedule_id=schedule,
            revision=1,
            plan="{}",
            changed_at=1.0,
            changed_by="b",
            cancelled_at=cancelled,
        )
    journal = rows(sql, AUDIT)
    gone = SqlRetention(sql).forget(before=100.0)
    assert gone == {"windows": 1, "alerts": 1, "results": 0, "occurrences": 1, "schedules": 1, "access": 0}
    assert [rows(sql, table) for table in (WINDOWS, FOUND, ROLL, ALERTS, OCCURRENCES, SCHEDULES)] == [
        2,
        2,
        2,
        1,
        2,
        2,
    ]
    assert rows(sql, AUDIT) == journal
    assert not any(SqlRetention(sql).forget(before=100.0).values())


def test_the_current_window_is_kept_however_old(sql: SqlStore) -> None:
    first = sql.read()
    closed = changes.close(first, REQUEST, window_id="current", now=first.changed_at + 1)
    sql.change(first.epoch, closed, AuditRecord(at=1.0, actor="b", action="enable", epoch=1, outcome="done"))
    with sql.engine.begin() as connection:
        connection.execute(WINDOWS.update().values(ended_at=5.0))
    assert SqlRetention(sql).forget(before=YEAR)["windows"] == 0
    assert sql.window("current") is not None


def test_the_last_result_of_a_routine_is_kept(sql: SqlStore) -> None:
    store = SqlRoutines(sql)
    for name, times in (
        ("daily", (10.0, 20.0, 200.0)),
        ("gone", (10.0, 20.0)),
        ("sweep", (150.0, 160.0, 190.0)),
    ):
        for due in times:
            hold = store.take(name, holder=f"{due}", now=due, seconds=1)
            assert hold is not None
            assert store.note(hold, due_at=due, outcome=Outcome.DONE, why="", now=due)
    gone = SqlRetention(sql).forget(before=100.0, frequent={"sweep"}, frequent_before=170.0)
    assert gone["results"] == 5
    assert {name: [run.due_at for run in store.runs(name, 9)] for name in ("daily", "gone", "sweep")} == {
        "daily": [200.0],
        "gone": [20.0],
        "sweep": [190.0],
    }


def test_the_journal_goes_when_it_is_asked_for(sql: SqlStore) -> None:
    for at in (10.0, 200.0):
        sql.journal(AuditRecord(at=at, actor="b", action="x", epoch=0, outcome="done"))
    assert SqlRetention(sql).forget(before=100.0, journal_before=100.0)["journal"] == 1
    assert [record.at for record in sql.records(9) if record.action == "x"] == [200.0]


@pytest.mark.parametrize("batch", [3])
def test_a_little_at_a_time(sql: SqlStore, batch: int) -> None:
    alerts = SqlAlerts(sql)
    for _ in range(7):
        alerts.raise_alert(Alert(at=10.0, severity=Severity.INFO, kind="k", message="m"))
    retention = SqlRetention(sql, batch=batch)
    assert [retention.forget(before=100.0)["alerts"] for _ in range(4)] == [3, 3, 1, 0]


def test_access_that_has_long_ended_is_forgotten(sql: SqlStore) -> None:
    text = {"owner": "a", "label": "", "rights": "read", "made_by": "b", "digest": "", "request": "{}"}
    text |= {
        "deed": "enable",
        "asked_by": "a",
        "operations": "[]",
        "holder": "h",
        "for_user": "",
        "address": "",
    }
    text |= {"token_id": ""}
    times = {"made_at": 1.0, "asked_at": 1.0, "began_at": 1.0, "seen_at": 1.0}
    ends = {TOKENS: "expires_at", PAGE_SESSIONS: "expires_at", APPROVALS: "expires_at", BYPASSES: "until"}
    for table, end in (ends | {BREAK_GLASS: "used_at"}).items():
        key = next(iter(table.primary_key)).name
        for name, ended in (("old", 99.0), ("young", 101.0)):
            row = text | times | {end: ended, "digest": name, key: name}
            columns = {column: value for column, value in row.items() if column in table.c}
            with sql.engine.begin() as connection:
                connection.execute(table.insert().values(columns))
    assert SqlRetention(sql).forget(before=100.0)["access"] == 5
    with sql.engine.connect() as connection:
        for table in (*ends, BREAK_GLASS):
            (left,) = connection.execute(table.select()).mappings()
            assert "young" in left.values()


def test_every_table_of_history_is_known_here() -> None:
    """A new table must be thought of: kept for good, or deleted by age."""
    history = {WINDOWS, ROLL, FOUND, ALERTS, ROUTINES, OCCURRENCES, SCHEDULES, AUDIT}
    forgotten = history | {REPORTS, REPORT_NOTES, TOKENS, PAGE_SESSIONS, BREAK_GLASS, APPROVALS, BYPASSES}
    kept = {"guard_state", "guard_routine_locks", "guard_second_factors"}
    assert {table.name for table in METADATA.tables.values()} == {table.name for table in forgotten} | kept
