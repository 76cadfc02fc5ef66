"""The timetable: what beat runs, when, and what becomes of it when a window is open at that time.

An app keeps its own (`beat_schedule.py`), as rows that name settings for their times; `timetable` reads it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.appointments import Every, When, parse_when
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Entry", "InWindow", "Row", "timetable"]

_HOUR = 3600.0
_GRACE = {86_400.0: 6 * _HOUR, 7 * 86_400.0: 24 * _HOUR}
"""Period, and how late it may be made up."""
_LONGEST_GRACE = 72 * _HOUR
_BEFORE_THE_NEXT = 0.9
"""A message that nobody took expires before the next one is sent, so that they do not pile up."""
_TICK_SECONDS = 30.0


class InWindow(StrEnum):
    """What becomes of an entry whose time falls into a window. A rehearsal (test mode) is none."""

    SKIP = "skip"
    """It does not run; the next time is its next turn."""
    AFTERWARDS = "afterwards"
    """It runs once, when the window is over, however often it was due meanwhile."""
    ANYWAY = "anyway"
    """It runs at its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of an app's timetable, as people write it.

    Attributes:
        name: of the entry, and of the routine that it runs.
        task: the Celery task that beat, or the tick, sends.
        when: seconds, or the name of the setting that has seconds or a local time.
        in_window: what a window does to it.
        grace: seconds for which a time that was missed is made up; None: six hours for what is daily, a day
            for what is weekly, three days for what is monthly.
        limit: seconds after which a run of it is certainly over: its task's hard time limit and a little.
        recorded: whether each run is a routine with a lock and a stored result; False: a mere tick.
        queue: where it is sent.
    """

    name: str
    task: str
    when: str | float
    in_window: InWindow
    grace: float | None = None
    limit: float = 360.0
    recorded: bool = True
    queue: str = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timetable in force; as `Row`, with its time read. `when` is None for `off`.

    Attributes:
        expires: seconds after which a message of it is dropped.
    """

    name: str
    task: str
    when: When | None
    in_window: InWindow
    grace: float
    limit: float
    recorded: bool
    queue: str
    expires: float

    @property
    def is_frequent(self) -> bool:
        """Whether it runs by interval: beat sends it, alerts are raised once, results kept for a day."""
        return isinstance(self.when, Every)


def timetable(rows: Iterable[Row], settings: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The timetable in force, in the order of its rows.

    Args:
        settings: values by name, for rows that name one.

    Raises:
        InvalidRequest: with every problem: a name that is used twice, a setting that is not there, a time
            that is not understood.
    """
    kept = list(rows)
    problems = [
        f"two rows of the timetable are called {name!r}"
        for name, count in Counter(row.name for row in kept).items()
        if count > 1
    ]
    entries: list[Entry] = []
    for row in kept:
        try:
            entries.append(_entry(row, settings))
        except InvalidRequest as error:
            problems += [f"{row.name}: {problem}" for problem in error.problems]
    if problems:
        raise InvalidRequest(*problems)
    return tuple(entries)


def _entry(row: Row, settings: Mapping[str, Any]) -> Entry:
    when = _when(row.when, settings)
    return Entry(
        name=row.name,
        task=row.task,
        when=when,
        in_window=row.in_window,
        grace=row.grace if row.grace is not None else _grace(when),
        limit=row.limit,
        recorded=row.recorded,
        queue=row.queue,
        expires=(when.seconds if isinstance(when, Every) else _TICK_SECONDS) * _BEFORE_THE_NEXT,
    )


def _when(given: str | float, settings: Mapping[str, Any]) -> When | None:
    if isinstance(given, str):
        if given not in settings:
            raise InvalidRequest(f"there is no setting {given.upper()!r}")
        value = settings[given]
        if isinstance(value, str):
            return parse_when(value)
    else:
        value = given
    if not 1 <= value <= 86_400:
        raise InvalidRequest(f"an interval of {value:g} s is out of range: from 1 second to a day")
    return Every(seconds=float(value))


def _grace(when: When | None) -> float:
    if when is None or isinstance(when, Every):
        return 0.0
    return _GRACE.get(when.period, _LONGEST_GRACE)
