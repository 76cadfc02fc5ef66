"""What reports of a time have in common: figures of windows, jobs, alerts and access; tables; plots."""

from __future__ import annotations

from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from guard.core.account import Account
from guard.core.alerts import Alert, Severity
from guard.core.counts import Count
from guard.core.history import AuditRecord, WindowRecord
from guard.core.reports.facts import PeriodFacts, Said, WindowFact
from guard.core.reports.parts import (
    alerts_section,
    jobs_section,
    kinds_table,
    per_bucket,
    security_section,
    windows_section,
    windows_table,
)
from guard.core.reports.report import Period
from guard.core.routine_result import RoutineResult, RoutineRun
from guard.core.routines import Outcome
from tests.core.reports.layout import is_laid_out, values_of

T = TypeVar("T")

HOUR = 3600.0
DAY = 24 * HOUR
BEGIN = 1_794_006_000.0
"""Saturday, 7 November 2026, 0:00 in Berlin, where it is 23:00 in UTC."""
NAME = "reports_parts"


def facts(
    *,
    windows: tuple[WindowFact, ...] | None = None,
    journal: tuple[AuditRecord, ...] | None = None,
    alerts: tuple[Alert, ...] | None = None,
    runs: tuple[RoutineRun, ...] | None = None,
    plans: dict[str, int] | None = None,
    days: int = 2,
) -> PeriodFacts:
    """What is kept of a time; a source that is not given does not answer."""

    def said(value: T | None, name: str) -> Said[T]:
        return Said(value=value, source=f"its {name}", why="" if value is not None else f"no {name} here")

    return PeriodFacts(
        period=Period(start=BEGIN, end=BEGIN + days * DAY),
        zone=ZoneInfo("Europe/Berlin"),
        windows=said(windows, "windows"),
        journal=said(journal, "journal"),
        alerts=said(alerts, "alerts"),
        runs=said(runs, "runs"),
        plans=said(plans, "plans"),
        uptime=said(1.0, "uptime"),
    )


def window(
    after: float,
    length: float | None,
    *,
    name: str = "w",
    mode: str = "normal",
    planned: int | None = None,
    jobs: dict[Count, int] | None = None,
    requests: int | None = 0,
) -> WindowFact:
    """One that was opened this long after the time began. Length None: it is open; jobs None: unknown."""
    account = Account({(kind, "a"): number for kind, number in jobs.items()}) if jobs is not None else None
    record = WindowRecord(
        window_id=name,
        mode=mode,
        reason="a migration",
        by="ann",
        started_at=BEGIN + after,
        duration=planned,
        ended_at=BEGIN + after + length if length is not None else None,
    )
    return WindowFact(
        record=record, account=Said(value=account, source="s"), requests=Said(value=requests, source="s")
    )


def line(action: str, *, outcome: str = "done", **detail: Any) -> AuditRecord:
    return AuditRecord(at=BEGIN, actor="ann", action=action, epoch=1, outcome=outcome, detail=detail)


def alert(severity: str, kind: str = "k") -> Alert:
    return Alert(at=BEGIN, severity=Severity(severity), kind=kind, message="m")


def run(outcome: str) -> RoutineRun:
    return RoutineRun(
        seq=1, name="r", due_at=1, began_at=1, ended_at=2, outcome=Outcome(outcome), fence=1,
        result=RoutineResult(),
    )  # fmt: skip


# -- windows ------------------------------------------------------------------------------------


def test_windows_of_a_time() -> None:
    section = windows_section(
        facts(
            windows=(
                window(-HOUR, 2 * HOUR, name="before", mode="emergency", planned=60),
                window(5 * HOUR, 100.26, name="eased", planned=100),
                window(6 * HOUR, 50, name="rehearsal", mode="test", planned=1),
                window(7 * HOUR, 200.13, name="emergency", mode="emergency", planned=300),
                window(47.5 * HOUR, None, name="open", planned=1),
            ),
            journal=(
                line("enable", window_id="eased", mode="emergency"),
                line("change", window_id="eased", mode="normal"),
                line("enable", window_id="open", mode="normal"),
            ),
        )
    )
    assert values_of(section) == {
        "activations": 3,
        "emergencies": 2,
        "rehearsals": 1,
        "average_length": 150.2,
        "longest": 200.1,
        "overran": 1,
        "still_open": 1,
        "seconds_closed": 5700.4,
        "share_open": 96.701,
    }
    is_laid_out(NAME, section)


def test_a_time_without_windows() -> None:
    section = windows_section(facts(windows=(), journal=()))
    assert values_of(section) == {
        "activations": 0,
        "emergencies": 0,
        "rehearsals": 0,
        "average_length": None,
        "longest": None,
        "overran": 0,
        "still_open": 0,
        "seconds_closed": 0,
        "share_open": 100.0,
    }
    assert {one.key for one in section.figures if one.nothing} == {"average_length", "longest"}
    is_laid_out(NAME, section)


def test_without_the_journal_nobody_knows_whether_it_was_an_emergency() -> None:
    section = windows_section(facts(windows=(window(0, 60),)))
    assert values_of(section)["activations"] == 1
    emergencies = section.figures[1]
    assert (emergencies.value, emergencies.nothing) == (None, False)
    assert emergencies.why == "the journal does not answer: no journal here"


def test_without_history_nothing_is_known_of_windows() -> None:
    without = facts(journal=())
    for section in (windows_section(without), jobs_section(without)):
        assert set(values_of(section).values()) == {None}
        assert {(one.why, one.nothing) for one in section.figures} == {("no windows here", False)}


# -- jobs ---------------------------------------------------------------------------------------


def test_what_became_of_jobs() -> None:
    counted = {kind: 2**number for number, kind in enumerate(Count)}
    section = jobs_section(
        facts(
            windows=(
                window(-1, 60, jobs={Count.REFUSED: 10**9}, requests=10**9),
                window(0, 60, jobs=counted, requests=30),
                window(60, 60, jobs={Count.LOST: 5_000_000, Count.HELD: 1}, requests=4),
            )
        )
    )
    assert values_of(section) == {
        "jobs_refused": counted[Count.REFUSED],
        "jobs_held": counted[Count.HELD] + 1,
        "jobs_parked": counted[Count.PARKED],
        "jobs_released": counted[Count.RELEASED],
        "jobs_discarded": counted[Count.DISCARDED],
        "jobs_expired": counted[Count.EXPIRED],
        "jobs_interrupted": counted[Count.INTERRUPTED],
        "jobs_killed": counted[Count.KILLED],
        "jobs_lost": counted[Count.LOST] + 5_000_000,
        "jobs_failed": counted[Count.FAILED],
        "jobs_bypassed": counted[Count.BYPASSED],
        "requests_refused": 34,
    }
    is_laid_out(NAME, section)


def test_jobs_of_which_one_account_is_not_known() -> None:
    section = jobs_section(
        facts(windows=(window(0, 60, jobs={Count.LOST: 7}, requests=3), window(60, 60, requests=None)))
    )
    assert set(values_of(section).values()) == {None}
    assert not any(one.nothing for one in section.figures)
    is_laid_out(NAME, section)


# -- alerts, routines, plans; access --------------------------------------------------------------


def test_upkeep_of_a_time() -> None:
    section = alerts_section(
        facts(
            alerts=tuple(alert(one) for one in ["critical"] + ["warning"] * 2 + ["info"] * 3),
            runs=tuple(
                run(outcome)
                for often, outcome in enumerate(
                    ["first seen", "running", "done", "unknown", "failed", "missed", "skipped", "abandoned"]
                )
                for _ in range(often)
            ),
            plans={"over": 9, "missed": 8, "waiting": 7},
        )
    )
    assert values_of(section) == {
        "alerts_critical": 1,
        "alerts_warning": 2,
        "alerts_info": 3,
        "routines_done": 2,
        "routines_unknown": 3,
        "routines_failed": 4,
        "routines_missed": 5,
        "routines_skipped": 6,
        "routines_abandoned": 7,
        "planned_over": 9,
        "planned_missed": 8,
        "planned_cancelled": 0,
    }
    is_laid_out(NAME, section)


def test_access_of_a_time() -> None:
    done = (
        *("sign in", "make token", "revoke token", "break-glass"),
        *("bypass", "bypass used", "invalidate sessions"),
    )
    lines = [line(action) for often, action in enumerate(done, 2) for _ in range(often)]
    refused = [line(action, outcome="refused") for action in done]
    section = security_section(
        facts(
            journal=(
                *lines,
                *refused,
                line("sign in", outcome="journaled late"),
                line("step up"),
                line("refused tries", outcome="counted", count=40),
            )
        )
    )
    assert values_of(section) == {
        "refused_tries": 47,
        "sign_ins": 3,
        "tokens_made": 3,
        "tokens_revoked": 4,
        "break_glass": 5,
        "bypasses_made": 6,
        "bypasses_used": 7,
        "session_endings": 8,
    }
    is_laid_out(NAME, section)


# -- tables -------------------------------------------------------------------------------------


def test_windows_one_a_row() -> None:
    table = windows_table(
        facts(
            windows=(
                window(-5, 61.26, name="before", jobs={Count.REFUSED: 3, Count.PARKED: 2, Count.LOST: 9}),
                window(60, None, name="open", mode="test", jobs={Count.KILLED: 4}),
                window(90, 7, name="unknown"),
            )
        )
    )
    assert table.rows == (
        ("before", "normal", "a migration", "ann", BEGIN - 5, 61.3, 3, 2, 0),
        ("open", "test", "a migration", "ann", BEGIN + 60, None, 0, 0, 4),
        ("unknown", "normal", "a migration", "ann", BEGIN + 90, 7.0, None, None, None),
    )
    is_laid_out(NAME, table)


def test_alerts_by_kind_the_most_frequent_first() -> None:
    table = kinds_table(
        facts(
            alerts=(
                alert("info", "disk"),
                alert("warning", "disk"),
                alert("critical", "silent"),
                alert("warning", "disk"),
            )
        )
    )
    assert table.rows == (("warning", "disk", 2), ("info", "disk", 1), ("critical", "silent", 1))
    is_laid_out(NAME, table)


@pytest.mark.parametrize(("there", "left_out"), [(0, 0), (500, 0), (501, 1), (507, 7)])
def test_a_table_ends_after_its_rows_and_says_so(there: int, left_out: int) -> None:
    names = [str(each) for each in range(there)]
    of = facts(
        windows=tuple(window(0, 1, name=name) for name in names),
        alerts=tuple(alert("info", name) for name in names),
    )
    windows, alerts = windows_table(of), kinds_table(of)
    assert [row[0] for row in windows.rows] == names[:500]
    assert [row[1] for row in alerts.rows] == names[:500]
    assert windows.left_out == alerts.left_out == left_out


def test_a_table_without_rows_says_who_did_not_answer() -> None:
    windows, alerts = windows_table(facts()), kinds_table(facts())
    assert (windows.rows, windows.left_out, windows.why) == ((), 0, "no windows here")
    assert (alerts.rows, alerts.left_out, alerts.why) == ((), 0, "no alerts here")


# -- plots --------------------------------------------------------------------------------------


def test_minutes_and_refusals_by_day() -> None:
    minutes, refused = per_bucket(
        facts(
            windows=(
                window(-1, 61, jobs={Count.REFUSED: 9}),
                window(0, 124, jobs={Count.REFUSED: 1, Count.LOST: 5}),
                window(DAY - 60, 180, jobs={Count.REFUSED: 2}),
                window(DAY, 6, mode="test", jobs={Count.REFUSED: 7}),
                window(2 * DAY, 600, jobs={Count.REFUSED: 30}),
            ),
            days=3,
        )
    )
    assert minutes.points == (("Sat 7", 3.1), ("Sun 8", 2.0), ("Mon 9", 10.0))
    assert refused.points == (("Sat 7", 3), ("Sun 8", 0), ("Mon 9", 30))
    is_laid_out(NAME, minutes, refused)


def test_refusals_of_a_day_are_unknown_with_one_account() -> None:
    _, refused = per_bucket(facts(windows=(window(0, 9), window(DAY, 9, jobs={Count.REFUSED: 2}))))
    assert refused.points == (("Sat 7", None), ("Sun 8", 2))


def test_without_history_nothing_is_drawn() -> None:
    for series in per_bucket(facts()):
        assert (series.points, series.why) == ((), "no windows here")
