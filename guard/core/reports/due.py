"""Which reports are due: decided from what is there, so that each is made once, whoever looks and how often.

Rules of this file:

- A week's report waits for the weekly review of the day after it, for a day at most; a month's does not wait.
- A window's report is due when its release has ended and the workers' last sums have had time to arrive.
- What lies further back than `CATCH_UP_SECONDS` is not made by itself: who installs this release does not get
  a report of each window of the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.reports.periods import last_month, last_week, subject_of
from guard.core.reports.report import Kind, Period

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from zoneinfo import ZoneInfo

    from guard.core.history import WindowRecord

__all__ = ["CATCH_UP_SECONDS", "SETTLE_SECONDS", "DueFacts", "DueReport", "due_reports"]

_DAY = 86_400.0
CATCH_UP_SECONDS = 7 * _DAY
SETTLE_SECONDS = 20.0
"""After the end of a window: workers hand their sums over once a second, and are patient with a Redis that is
away."""
_LONGEST_RELEASE = 2 * _DAY
"""After that a window's report is made though jobs still go back; it says how many are parked."""
_FIRST_AUDIT = 31 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFacts:
    """What decides.

    Attributes:
        there: kind and subject of each report that is kept.
        windows: the last ones, each with whether it was an emergency at any time.
        releasing: the window whose jobs still go back, or which is open; empty: none.
        changed: the guard's last window, and when its state changed last: the end of its release.
        reviewed_at: when the last weekly review was due that has been handled; None: none ever, or nobody
            runs it.
        audits: when the last security audits were due that have a result, the newest first.
    """

    now: float
    zone: ZoneInfo
    there: Collection[tuple[Kind, str]]
    windows: Sequence[tuple[WindowRecord, bool]]
    releasing: str
    changed: tuple[str, float]
    reviewed_at: float | None
    audits: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """A report that is due. `period` is None for that of a window, whose id is the subject."""

    kind: Kind
    subject: str
    period: Period | None = None


def due_reports(facts: DueFacts) -> tuple[DueReport, ...]:
    """Those that are due and not there, windows first."""
    found = [*_windows(facts), *_of_times(facts), *_audits(facts)]
    return tuple(one for one in found if (one.kind, one.subject) not in facts.there)


def _windows(facts: DueFacts) -> list[DueReport]:
    found = []
    for record, was_emergency in facts.windows:
        ended = record.ended_at
        if ended is None or facts.now - ended > CATCH_UP_SECONDS:
            continue
        if record.window_id == facts.releasing and facts.now - ended < _LONGEST_RELEASE:
            continue
        settled = max(ended, facts.changed[1]) if record.window_id == facts.changed[0] else ended
        if facts.now - settled < SETTLE_SECONDS:
            continue
        if was_emergency:  # first: a window that has its own report is not looked at again
            found.append(DueReport(kind=Kind.INCIDENT, subject=record.window_id))
        found.append(DueReport(kind=Kind.WINDOW, subject=record.window_id))
    return found


def _of_times(facts: DueFacts) -> list[DueReport]:
    found = []
    week = last_week(facts.now, facts.zone)
    reviewed = facts.reviewed_at is not None and facts.reviewed_at >= week.end
    if reviewed or facts.now - week.end >= _DAY:
        found.append(DueReport(kind=Kind.WEEKLY, subject=subject_of(week, facts.zone), period=week))
    month = last_month(facts.now, facts.zone)
    if SETTLE_SECONDS <= facts.now - month.end <= CATCH_UP_SECONDS:
        found.append(DueReport(kind=Kind.MONTHLY, subject=subject_of(month, facts.zone), period=month))
    return found


def _audits(facts: DueFacts) -> list[DueReport]:
    """From the audit before it to this one; it is found by the days of both."""
    if not facts.audits or facts.now - facts.audits[0] > CATCH_UP_SECONDS:
        return []
    last = facts.audits[0]
    start = facts.audits[1] if len(facts.audits) > 1 else last - _FIRST_AUDIT
    period = Period(start=start, end=last + 1, zone=facts.zone.key)
    return [DueReport(kind=Kind.SECURITY, subject=subject_of(period, facts.zone), period=period)]
