"""Which routine is due: decided from the timetable, the last runs, the windows and the time. Nothing else.

Rules of this file:

- One time of an entry is handled once, whoever asks and however often: a run, or a note that it was skipped
  or missed, has the instant at which it was due (`due_at`), and nothing up to that instant is due any more.
- So there is never a burst. Of all that was due while beat was down or a window was open, the last one
  counts.
- What was missed is made up once if its grace has not passed. Time inside a window does not count towards
  that.
- Who sees an entry for the first time begins with its next time, not with a past one.
- A run whose worker went away is repeated once, within the grace. Then it is given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core.appointments import Every, last_due, next_due
from guard.core.timetable import Entry, InWindow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

__all__ = ["Act", "Outcome", "Ruling", "Run", "Span", "is_too_soon", "next_time", "rule"]

_MOST_ATTEMPTS = 2
_ALMOST = 0.75
"""Of an interval. Ticks come a little early or late, and two beats between each other's."""


class Outcome(StrEnum):
    """How a routine's turn ended. The values are stored."""

    RUNNING = "running"
    DONE = "done"
    UNKNOWN = "unknown"
    """It ran, and the part that it is about is not there."""
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"
    ABANDONED = "abandoned"
    """Its worker went away, and its lock ran out."""
    FIRST = "first seen"
    """No run: from here on it is followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The last turn of a routine, as a decision needs it. Times are UTC seconds.

    Attributes:
        attempts: how many runs were begun for this `due_at`.
        held_until: when the lock of the routine runs out; 0 when nobody holds it.
    """

    due_at: float
    outcome: Outcome
    attempts: int = 1
    held_until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When a window was open; `end` is None while it is."""

    start: float
    end: float | None


class Act(StrEnum):
    """What is to be done about an entry now."""

    NOTHING = "nothing"
    RUN = "run"
    WAIT = "wait"
    """It is due, and must wait for the end of a window, for a run, or for a store that says whether one is
    open."""
    SKIP = "skip"
    MISS = "miss"
    BEGIN = "begin"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is to be done, about which time, and why in a few words."""

    act: Act
    due_at: float = 0.0
    why: str = ""


_NOTHING = Ruling(act=Act.NOTHING)


def rule(
    entry: Entry,
    *,
    last: Run | None,
    windows: Sequence[Span] | None,
    zone: tzinfo,
    now: float,
) -> Ruling:
    """What is to be done about an entry.

    Args:
        last: its last turn; None when it never had one.
        windows: those that were open lately and now, without rehearsals; None when nobody knows.
    """
    if entry.when is None:
        return _NOTHING
    if isinstance(entry.when, Every):
        return _by_interval(entry, last, windows, now)
    due_at = last_due(entry.when, zone, now)
    if last is None:
        return Ruling(act=Act.BEGIN, due_at=due_at, why="it is followed from now on")
    if last.outcome is Outcome.RUNNING:
        if last.held_until > now:
            return (
                Ruling(act=Act.WAIT, due_at=last.due_at, why="it runs") if last.due_at < due_at else _NOTHING
            )
        if last.due_at >= due_at:
            return _left_behind(entry, last, windows, now)
    if last.due_at >= due_at:
        return _NOTHING
    return _due(entry, due_at, windows, now)


def next_time(entry: Entry, last: Run | None, zone: tzinfo, now: float) -> float | None:
    """When it is due next; None for never. For an interval: by its last run."""
    if entry.when is None:
        return None
    if isinstance(entry.when, Every):
        return max(now, last.due_at + entry.when.seconds) if last is not None else now
    return next_due(entry.when, zone, now)


def is_too_soon(entry: Entry, last: Run | None, now: float) -> bool:
    """Whether an entry with an interval ran so lately that it is not its turn. Never, for a local time."""
    if last is None or not isinstance(entry.when, Every):
        return False
    # Clocks of two machines differ a little; and one that was put back far must not stop it for good.
    return abs(now - last.due_at) < entry.when.seconds * _ALMOST


def _by_interval(entry: Entry, last: Run | None, windows: Sequence[Span] | None, now: float) -> Ruling:
    if last is not None:
        if last.outcome is Outcome.RUNNING and last.held_until > now:
            return _NOTHING
        if is_too_soon(entry, last, now):
            return _NOTHING
    if entry.in_window is not InWindow.ANYWAY and _open_at(windows, now) is not False:
        return Ruling(act=Act.WAIT, due_at=now, why="a window is open, or nobody knows")
    return Ruling(act=Act.RUN, due_at=now)


def _left_behind(entry: Entry, last: Run, windows: Sequence[Span] | None, now: float) -> Ruling:
    if last.attempts >= _MOST_ATTEMPTS:
        return Ruling(act=Act.GIVE_UP, due_at=last.due_at, why="its worker went away, twice")
    again = _due(entry, last.due_at, windows, now)
    if again.act in {Act.SKIP, Act.MISS}:
        return Ruling(act=Act.GIVE_UP, due_at=last.due_at, why=f"its worker went away, and then: {again.why}")
    return again


def _due(entry: Entry, due_at: float, windows: Sequence[Span] | None, now: float) -> Ruling:
    open_now = _open_at(windows, now)
    if entry.in_window is not InWindow.ANYWAY and windows is None:
        return Ruling(act=Act.WAIT, due_at=due_at, why="nobody knows whether a window is open")
    if entry.in_window is InWindow.SKIP and (open_now or _open_at(windows, due_at)):
        return Ruling(act=Act.SKIP, due_at=due_at, why="a window was open")
    if entry.in_window is InWindow.AFTERWARDS and open_now:
        return Ruling(act=Act.WAIT, due_at=due_at, why="it runs when the window is over")
    late = now - due_at
    if entry.in_window is InWindow.AFTERWARDS:
        late -= _covered(windows or (), due_at, now)
    if late > entry.grace:
        return Ruling(act=Act.MISS, due_at=due_at, why="nobody ran it in time")
    return Ruling(act=Act.RUN, due_at=due_at)


def _open_at(windows: Sequence[Span] | None, at: float) -> bool | None:
    if windows is None:
        return None
    return any(span.start <= at and (span.end is None or at < span.end) for span in windows)


def _covered(windows: Sequence[Span], start: float, end: float) -> float:
    """How many seconds of a time lie in windows. Windows that overlap count once."""
    total, reached = 0.0, start
    for span in sorted(windows, key=lambda one: one.start):
        begin, stop = max(span.start, reached), min(end if span.end is None else span.end, end)
        if stop > begin:
            total += stop - begin
            reached = stop
    return total
