"""Facts for reports: each source is asked, and what does not answer is written down as unknown with why.

Redis keeps what it counted of a window for 30 days. A counter that is not there is then no zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from guard.core.account import Account
from guard.core.reports.facts import PeriodFacts, Said, SecurityFacts, WindowFact, WindowFacts
from guard.errors import StoreError, Unanswerable
from guard.orchestrator.report import make_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.books import Books
    from guard.core.history import AuditRecord, WindowRecord
    from guard.core.outcome import JobOutcome
    from guard.core.reports.report import Period
    from guard.core.routine_result import RoutineRun
    from guard.orchestrator.report import Report as Accounting
    from guard.reports.parts import ReportParts

__all__ = ["period_facts", "security_facts", "window_facts"]

T = TypeVar("T")

AUDIT = "security-audit"
_IN_REDIS = "Redis counters of the window"
_IN_SQL = "SQL guard_windows.account"
_ATTEMPTS = "Redis attempts of the window"
_GONE = "Redis has not what was counted in this window: lost, or older than the 30 days for which it is kept"
_RELEASE_SECONDS = 2 * 86_400.0
_BEFORE_SECONDS = 60.0
"""Clocks of machines differ, and an emergency may be journaled a little before or after it began."""


def period_facts(parts: ReportParts, period: Period) -> PeriodFacts:
    """What is kept of a time. Never raises for a store that is away."""
    start, end = period.start, period.end
    windows = _asked("SQL guard_windows", lambda: parts.happenings.windows(start, end))
    return PeriodFacts(
        period=period,
        zone=parts.zone,
        windows=Said(
            value=tuple(_window_fact(parts, one) for one in windows.value)
            if windows.value is not None
            else None,
            source=windows.source,
            why=windows.why,
        ),
        journal=_asked("SQL guard_audit", lambda: tuple(parts.happenings.journal(start, end))),
        alerts=_asked("SQL guard_alerts", lambda: tuple(parts.happenings.alerts(start, end))),
        runs=_asked(
            "SQL guard_routines: results of routines",
            lambda: tuple(parts.happenings.runs(start, end, without=parts.frequent)),
        ),
        plans=_asked("SQL guard_occurrences", lambda: parts.happenings.planned(start, end)),
        uptime=_asked("CLOCK_BOOTTIME of the machine that made the report", parts.clock.boot),
    )


def security_facts(parts: ReportParts, period: Period) -> SecurityFacts:
    """What is kept of a time, and who may get in now."""
    facts = period_facts(parts, period)
    runs = [run for run in facts.runs.value or () if run.name == AUDIT and run.result.figures]
    why = facts.runs.why or f"no result of the routine {AUDIT} is from this time"
    now = parts.clock.wall()
    audit: Said[RoutineRun] = Said(
        value=runs[-1] if runs else None,
        source=f"SQL guard_routines: result of {AUDIT}",
        why="" if runs else why,
    )
    return SecurityFacts(
        facts=facts,
        audit=audit,
        tokens=_asked("SQL guard_tokens", lambda: parts.happenings.tokens(now)),
        second_factors=_asked("SQL guard_second_factors", parts.happenings.second_factors),
    )


def window_facts(parts: ReportParts, record: WindowRecord) -> WindowFacts:
    """What is kept of one window.

    Raises:
        StoreUnavailable: the durable store did not answer: without it there is nothing to report.
    """
    now = parts.clock.wall()
    books = make_report(
        record.window_id,
        durable=parts.durable,
        tally=parts.tally,
        index=parts.index,
        outcomes=parts.outcomes,
        roster=parts.roster,
    )
    why = "; ".join(books.problems)
    journal = _asked("SQL guard_audit", lambda: tuple(_lines(parts, record, now)))
    until = _until(record, journal.value or (), now)
    return WindowFacts(
        record=record,
        zone=parts.zone,
        account=_account(parts, record),
        books=_balanced(books, why),
        outcomes=_outcomes(books, why),
        workers=Said(value=books.workers, source="SQL guard_roll"),
        requests=_requests(parts, record),
        journal=journal,
        alerts=_asked(
            "SQL guard_alerts", lambda: tuple(parts.happenings.alerts(record.started_at, until))
        ),
        made_at=now,
    )


def _balanced(books: Accounting, why: str) -> Said[Books]:
    return Said(value=books.books, source="the window's counters, the index of parked jobs, workers", why=why)


def _outcomes(books: Accounting, why: str) -> Said[tuple[JobOutcome, ...]]:
    """Without its counters Redis has lost the outcomes too, which are written beside them."""
    source = "Redis outcomes of the window"
    if books.outcomes is None or (not books.outcomes and not books.live):
        return Said(value=None, source=source, why=why or _GONE)
    return Said(value=books.outcomes, source=source)


def _window_fact(parts: ReportParts, record: WindowRecord) -> WindowFact:
    return WindowFact(record=record, account=_account(parts, record), requests=_requests(parts, record))


def _account(parts: ReportParts, record: WindowRecord) -> Said[Account]:
    """From Redis while it has all of it: a job may go back after the end. Else as stored at the end."""
    try:
        if parts.tally.is_whole(record.window_id):
            return Said(value=parts.tally.account(record.window_id), source=_IN_REDIS)
        why = _GONE
    except StoreError as error:
        why = _in_short(error)
    if record.account:
        return Said(value=Account.from_fields(record.account), source=_IN_SQL)
    return Said(value=None, source=f"{_IN_SQL}, {_IN_REDIS}", why=why)


def _requests(parts: ReportParts, record: WindowRecord) -> Said[int]:
    try:
        total = parts.attempts.of(record.window_id, now=parts.clock.wall()).total
        if total or parts.tally.is_whole(record.window_id):
            return Said(value=total, source=_ATTEMPTS)
    except StoreError as error:
        return Said(value=None, source=_ATTEMPTS, why=_in_short(error))
    return Said(value=None, source=_ATTEMPTS, why=_GONE)


def _lines(parts: ReportParts, record: WindowRecord, now: float) -> list[AuditRecord]:
    """Lines that name the window, and all others from its opening to the end of its release."""
    ended = record.ended_at if record.ended_at is not None else now
    found = parts.happenings.journal(record.started_at - _BEFORE_SECONDS, ended + _RELEASE_SECONDS)
    until = _until(record, found, now)
    return [
        line
        for line in found
        if line.detail.get("window_id") == record.window_id
        or ("window_id" not in line.detail and record.started_at <= line.at <= until)
    ]


def _until(record: WindowRecord, lines: list[AuditRecord] | tuple[AuditRecord, ...], now: float) -> float:
    """When the window's jobs were back; its end, where nobody noted that."""
    if record.ended_at is None:
        return now
    named = [line.at for line in lines if line.detail.get("window_id") == record.window_id]
    return max([record.ended_at, *named])


def _asked(source: str, question: Callable[[], T]) -> Said[T]:
    try:
        return Said(value=question(), source=source)
    except (StoreError, Unanswerable) as error:
        return Said(value=None, source=source, why=_in_short(error))


def _in_short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
