"""Calendar periods: the last whole week and month before a moment, and the days of a time.

A week begins on Monday, each by the clocks of the zone: a day may have 23 or 25 hours.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from guard.core.appointments import instant_of
from guard.core.reports.report import Period
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = [
    "LONGEST_SECONDS",
    "buckets",
    "date_of",
    "last_month",
    "last_week",
    "period_between",
    "subject_of",
]

LONGEST_SECONDS = 366 * 86_400
"""Of a period that is asked for by hand."""
_MOST_DAYS = 35


def last_week(now: float, zone: ZoneInfo) -> Period:
    """The last whole week, Monday to Sunday."""
    today = date_of(now, zone)
    monday = today - timedelta(days=today.weekday())
    return Period(start=_begin(monday - timedelta(days=7), zone), end=_begin(monday, zone), zone=zone.key)


def last_month(now: float, zone: ZoneInfo) -> Period:
    """The last whole calendar month."""
    first = date_of(now, zone).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return Period(start=_begin(before, zone), end=_begin(first, zone), zone=zone.key)


def period_between(first: date, last: date, zone: ZoneInfo) -> Period:
    """Days, both counted.

    Raises:
        InvalidRequest: the last is before the first, or it is more than 366 days.
    """
    period = Period(start=_begin(first, zone), end=_begin(last + timedelta(days=1), zone), zone=zone.key)
    if period.seconds > LONGEST_SECONDS + 86_400 / 2:
        raise InvalidRequest("the period is too long: a report is about 366 days at most")
    return period


def subject_of(period: Period, zone: ZoneInfo) -> str:
    """``2026-11-16..2026-11-22``: its first and last day."""
    return f"{date_of(period.start, zone)}..{date_of(period.end - 1, zone)}"


def buckets(period: Period, zone: ZoneInfo) -> list[tuple[str, float, float]]:
    """The period cut for a plot: name, start, end. By days up to 35 of them, else by weeks."""
    step = 1 if period.seconds <= _MOST_DAYS * 86_400 else 7
    short = period.seconds <= 8 * 86_400
    found = []
    day, start = date_of(period.start, zone), period.start
    while start < period.end:
        following = day + timedelta(days=step)
        end = min(_begin(following, zone), period.end)
        found.append((_named(day, step=step, short=short), start, end))
        day, start = following, end
    return found


def date_of(at: float, zone: ZoneInfo) -> date:
    """The date that a moment has by the clocks of the zone."""
    return datetime.fromtimestamp(at, zone).date()


def _named(day: date, *, step: int, short: bool) -> str:
    if step == 1:
        return f"{day:%a} {day.day}" if short else f"{day.day} {day:%b}"
    return f"{day.isocalendar().year % 100}W{day.isocalendar().week:02}"


def _begin(day: date, zone: ZoneInfo) -> float:
    return instant_of(day, 0, 0, zone)
