"""Which reports are due: by table, and at each edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from guard.core.history import WindowRecord
from guard.core.reports.due import CATCH_UP_SECONDS, SETTLE_SECONDS, DueFacts, DueReport, due_reports
from guard.core.reports.report import Kind, Period

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400.0


def at(*when: int) -> float:
    return datetime(*when, tzinfo=BERLIN).timestamp()  # type: ignore[arg-type,misc]


MONDAY = at(2026, 11, 16, 9)
MIDNIGHT = at(2026, 11, 16)


def window(name: str = "w", *, ended: float | None = MONDAY - 600) -> WindowRecord:
    return WindowRecord(
        window_id=name, mode="normal", reason="r", by="b", started_at=MONDAY - 6000, duration=60,
        ended_at=ended,
    )  # fmt: skip


QUIET = DueFacts(
    now=MONDAY,
    zone=BERLIN,
    there={(Kind.WEEKLY, "2026-11-09..2026-11-15")},
    windows=(),
    releasing="",
    changed=("", 0.0),
    reviewed_at=None,
    audits=(),
)


def kinds(facts: DueFacts) -> list[str]:
    return [one.kind.value for one in due_reports(facts)]


def test_how_long_is_waited_and_caught_up() -> None:
    assert (SETTLE_SECONDS, CATCH_UP_SECONDS) == (20.0, 7 * 86_400.0)


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        (QUIET, []),
        (replace(QUIET, windows=[(window(), False)]), ["window"]),
        (replace(QUIET, windows=[(window(), True)]), ["incident", "window"]),
        (replace(QUIET, windows=[(window(ended=None), True)]), []),
        (replace(QUIET, windows=[(window(ended=MONDAY - 19.9), False)]), []),
        (replace(QUIET, windows=[(window(ended=MONDAY - 20), False)]), ["window"]),
        (replace(QUIET, windows=[(window(ended=MONDAY - 7 * DAY), False)]), ["window"]),
        (replace(QUIET, windows=[(window(ended=MONDAY - 7 * DAY - 0.1), False)]), []),
        # its jobs still go back; or they came back a moment ago
        (replace(QUIET, windows=[(window(), False)], releasing="w"), []),
        (replace(QUIET, windows=[(window(), False)], releasing="another"), ["window"]),
        (replace(QUIET, windows=[(window(ended=MONDAY - 2 * DAY + 0.1), False)], releasing="w"), []),
        (replace(QUIET, windows=[(window(ended=MONDAY - 2 * DAY), False)], releasing="w"), ["window"]),
        (replace(QUIET, windows=[(window(), False)], changed=("w", MONDAY - 19.9)), []),
        (replace(QUIET, windows=[(window(), False)], changed=("w", MONDAY - 20)), ["window"]),
        (replace(QUIET, windows=[(window(), False)], changed=("another", MONDAY - 1)), ["window"]),
        # its end is what counts where the state changed before that
        (replace(QUIET, windows=[(window(ended=MONDAY - 19), False)], changed=("w", MONDAY - 600)), []),
        (
            replace(QUIET, windows=[(window(), True)], there={*QUIET.there, (Kind.INCIDENT, "w")}),
            ["window"],
        ),
        (
            replace(QUIET, windows=[(window(), True)], there={*QUIET.there, (Kind.WINDOW, "w")}),
            ["incident"],
        ),
        # the week: when its review is through, or a day after its end
        (replace(QUIET, there=()), []),
        (replace(QUIET, there=(), reviewed_at=MIDNIGHT - 0.1), []),
        (replace(QUIET, there=(), reviewed_at=MIDNIGHT), ["weekly"]),
        (replace(QUIET, there=(), reviewed_at=MIDNIGHT + 9 * 3600), ["weekly"]),
        (replace(QUIET, there=(), now=MIDNIGHT + DAY - 0.1), []),
        (replace(QUIET, there=(), now=MIDNIGHT + DAY), ["weekly"]),
        # the audit
        (replace(QUIET, audits=(MONDAY - 60, MONDAY - 30 * DAY)), ["security"]),
        (replace(QUIET, audits=(MONDAY - 60,)), ["security"]),
        (replace(QUIET, audits=(MONDAY - 7 * DAY,)), ["security"]),
        (replace(QUIET, audits=(MONDAY - 7 * DAY - 0.1,)), []),
    ],
)
def test_what_is_due(facts: DueFacts, due: list[str]) -> None:
    assert kinds(facts) == due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(2026, 12, 1, 0, 0, 19), []),
        (at(2026, 12, 1, 0, 0, 20), ["monthly"]),
        (at(2026, 12, 8), ["monthly"]),
        (at(2026, 12, 8, 0, 0, 1), []),
    ],
)
def test_a_month_is_due_from_its_end_on_for_a_week(now: float, due: list[str]) -> None:
    there = {(Kind.WEEKLY, "2026-11-23..2026-11-29"), (Kind.WEEKLY, "2026-11-30..2026-12-06")}
    assert kinds(replace(QUIET, now=now, there=there)) == due


def test_each_window_is_looked_at_whatever_the_others_are() -> None:
    others = [
        (window("old", ended=MONDAY - 9 * DAY), False),
        (window("open", ended=None), False),
        (window("released"), False),
        (window("fresh", ended=MONDAY - 1), False),
        (window("changed"), False),
        (window("settled"), True),
        (window("last"), False),
    ]
    facts = replace(QUIET, windows=others, releasing="released", changed=("changed", MONDAY - 1))
    assert due_reports(facts) == (
        DueReport(kind=Kind.INCIDENT, subject="settled", period=None),
        DueReport(kind=Kind.WINDOW, subject="settled", period=None),
        DueReport(kind=Kind.WINDOW, subject="last", period=None),
    )


def test_all_that_is_due_in_full_and_not_due_again() -> None:
    facts = replace(
        QUIET,
        now=at(2026, 12, 7, 12),
        there=(),
        windows=[(window(ended=at(2026, 12, 7, 11)), True)],
        reviewed_at=at(2026, 12, 7, 9),
        audits=(at(2026, 12, 7, 0, 30), at(2026, 11, 2, 0, 30), at(2026, 10, 5, 10)),
    )
    due = due_reports(facts)
    week = Period(start=at(2026, 11, 30), end=at(2026, 12, 7), zone="Europe/Berlin")
    month = Period(start=at(2026, 11, 1), end=at(2026, 12, 1), zone="Europe/Berlin")
    audit = Period(start=at(2026, 11, 2, 0, 30), end=at(2026, 12, 7, 0, 30) + 1, zone="Europe/Berlin")
    assert due == (
        DueReport(kind=Kind.INCIDENT, subject="w"),
        DueReport(kind=Kind.WINDOW, subject="w"),
        DueReport(kind=Kind.WEEKLY, subject="2026-11-30..2026-12-06", period=week),
        DueReport(kind=Kind.MONTHLY, subject="2026-11-01..2026-11-30", period=month),
        DueReport(kind=Kind.SECURITY, subject="2026-11-02..2026-12-07", period=audit),
    )
    assert due_reports(replace(facts, there={(one.kind, one.subject) for one in due})) == ()


def test_the_first_audit_looks_back_for_a_month() -> None:
    (due,) = due_reports(replace(QUIET, audits=(MONDAY - 60,)))
    assert due.period == Period(start=MONDAY - 60 - 31 * DAY, end=MONDAY - 59, zone="Europe/Berlin")
    assert due.subject == "2026-10-16..2026-11-16"
    (due,) = due_reports(replace(QUIET, audits=(MONDAY - 60, MONDAY - 9 * DAY)))
    assert due.period == Period(start=MONDAY - 9 * DAY, end=MONDAY - 59, zone="Europe/Berlin")
