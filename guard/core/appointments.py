"""When a routine is due: every so many seconds, or at a local time of a day, a week or a month.

Rules of this file:

- A local time belongs to a date, and each date has it exactly once. Where the clock is put back and it comes
  twice, the first counts; where the clock is put forward over it, the first instant after the gap does.
- `08:00` is daily, `sun 02:00` weekly, `mon#2 10:00` the second Monday of a month, `mon#last` its last one,
  `off` never. Nothing else is accepted: Celery's crontab takes `mon#1` for every Monday without a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

__all__ = ["WEEKDAYS", "Every", "LocalTime", "When", "instant_of", "last_due", "next_due", "parse_when"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST = -1
"""As `LocalTime.nth`: the last one of a month."""
_DAY, _WEEK, _MONTH = 86_400, 7 * 86_400, 31 * 86_400
_PATTERN = re.compile(r"(?:([a-z]{3})(?:#([1-4]|last))? +)?([01]?[0-9]|2[0-3]):([0-5][0-9])")
_AROUND = range(-2, 3)
"""Two periods to each side: a gap in the clock may move an instant to the next date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """At most once in this many seconds, whoever ticks."""

    seconds: float

    @property
    def period(self) -> float:
        """Seconds between two, nominally."""
        return self.seconds

    def __str__(self) -> str:
        return f"every {self.seconds:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """A time of day, on every day or on some.

    Attributes:
        hour, minute: by the clocks of the zone.
        weekday: 0 is Monday; None: every day.
        nth: which one of a month, 1 to 4, or -1 for the last; None: each.
    """

    hour: int
    minute: int
    weekday: int | None = None
    nth: int | None = None

    @property
    def period(self) -> float:
        """Seconds between two, nominally: the longest month counts."""
        if self.weekday is None:
            return _DAY
        return _WEEK if self.nth is None else _MONTH

    def __str__(self) -> str:
        clock = f"{self.hour:02}:{self.minute:02}"
        if self.weekday is None:
            return clock
        nth = "" if self.nth is None else "#last" if self.nth == LAST else f"#{self.nth}"
        return f"{WEEKDAYS[self.weekday]}{nth} {clock}"


When = Every | LocalTime
"""When something is due; None beside it means never."""


def parse_when(text: str) -> LocalTime | None:
    """A local time from `08:00`, `sun 02:00`, `mon#1 10:00`, `fri#last 17:30`; None from `off`.

    Raises:
        InvalidRequest: it is none of these.
    """
    given = text.strip().lower()
    if given == "off":
        return None
    match = _PATTERN.fullmatch(given)
    if match is None or match[1] not in {None, *WEEKDAYS}:
        raise InvalidRequest(
            f"the time {text[:40]!r} is not understood: give a local time such as '08:00', with a day of the"
            " week 'sun 02:00', with which one of the month 'mon#1 10:00' (#1 to #4 or #last), or 'off'"
        )
    return LocalTime(
        hour=int(match[3]),
        minute=int(match[4]),
        weekday=WEEKDAYS.index(match[1]) if match[1] else None,
        nth=LAST if match[2] == "last" else int(match[2]) if match[2] else None,
    )


def last_due(when: LocalTime, zone: tzinfo, now: float) -> float:
    """The last instant, `now` included, at which it was due. UTC seconds."""
    return next(instant for instant in _instants(when, zone, now, -1) if instant <= now)


def next_due(when: LocalTime, zone: tzinfo, now: float) -> float:
    """The first instant after `now` at which it will be due. UTC seconds."""
    return next(instant for instant in _instants(when, zone, now, 1) if instant > now)


def _instants(when: LocalTime, zone: tzinfo, now: float, direction: int) -> Iterator[float]:
    """Those around a moment, in the order of time or against it. No two dates exchange theirs."""
    here = datetime.fromtimestamp(now, zone).date()
    for step in _AROUND[::direction]:
        yield instant_of(_day(when, here, step), when.hour, when.minute, zone)


def _day(when: LocalTime, here: date, step: int) -> date:
    """The date on which it is due, so many periods after the one that this date lies in."""
    if when.weekday is None:
        return here + timedelta(days=step)
    if when.nth is None:
        return here + timedelta(days=(when.weekday - here.weekday()) % 7, weeks=step)
    year, month = divmod(here.year * 12 + here.month - 1 + step, 12)
    return _nth(year, month + 1, when.weekday, when.nth)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    if nth == LAST:
        after = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return after - timedelta(days=(after.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=nth - 1)


def instant_of(day: date, hour: int, minute: int, zone: tzinfo) -> float:
    """When clocks of the zone show this time on this date: UTC seconds; see the rules above."""
    shown = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    before, after = _instant(shown, fold=0), _instant(shown, fold=1)
    if before <= after:  # once; or twice, and then `before` is the first
        return before
    return _end_of_gap(after, before, zone)


def _instant(shown: datetime, *, fold: int) -> float:
    return shown.replace(fold=fold).timestamp()


def _end_of_gap(low: float, high: float, zone: tzinfo) -> float:
    """The first second at which the new offset is in force; `low` has the old one, `high` the new one."""
    new = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == new:
            high = middle
        else:
            low = middle
    return high


def _offset(instant: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(instant, zone).utcoffset()
