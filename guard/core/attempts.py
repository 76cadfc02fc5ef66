"""Attempts that a window refused: sums per operation and minute, and what is shown of them. Bounded
whatever comes.

A process keeps them in memory and hands them over about once a second. If nobody takes them for hours,
those of later minutes are put together: the number of attempts stays right, only when they happened is no
longer told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "MOST_SUMS",
    "NO_MINUTE",
    "AttemptSum",
    "AttemptsView",
    "OperationAttempts",
    "Where",
    "add_to",
    "view_of",
]

MOST_SUMS = 2048
"""How many sums a process keeps at most while nobody takes them: two hours of sixteen operations."""

NO_MINUTE = 0
"""In place of a minute: some time in this window."""

Where = tuple[str, str, int]
"""Window, operation, minute since 1970."""


@dataclass(slots=True)
class AttemptSum:
    """Attempts of one operation in one minute of one window."""

    count: int
    last: float
    """UTC seconds of the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationAttempts:
    """What was attempted of one operation.

    Attributes:
        attempt_count: since the window opened.
        last_attempt: UTC seconds; None: never.
        blocked_since: when the window opened, UTC seconds; None when that is not known.
    """

    attempt_count: int
    last_attempt: float | None
    blocked_since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsView:
    """The attempts that one window refused.

    Attributes:
        total: of all operations.
        operations: by name, those with an attempt.
        minutes: ``(minute, {operation: count})``, the oldest first; the minute in UTC seconds. Of the last
            48 hours, minutes without an attempt left out.
    """

    window_id: str
    total: int
    operations: Mapping[str, OperationAttempts] = field(default_factory=dict)
    minutes: tuple[tuple[int, Mapping[str, int]], ...] = ()


def add_to(sums: dict[Where, AttemptSum], where: Where, *, count: int, last: float) -> None:
    """Count attempts. When there are `MOST_SUMS` already, a new minute is not told from others any more."""
    if where not in sums and len(sums) >= MOST_SUMS:
        where = (where[0], where[1], NO_MINUTE)
    found = sums.get(where)
    if found is None:
        sums[where] = AttemptSum(count, last)
    else:
        found.count += count
        found.last = max(found.last, last)


def view_of(
    window_id: str,
    totals: Mapping[str, AttemptSum],
    minutes: Iterable[tuple[int, str, int]],
    *,
    since: float | None,
) -> AttemptsView:
    """What is shown of stored sums.

    Args:
        totals: by operation.
        minutes: minute since 1970, operation, count; in any order.
        since: when the window opened, UTC seconds.
    """
    ordered = sorted(minutes)
    return AttemptsView(
        window_id=window_id,
        total=sum(each.count for each in totals.values()),
        operations={
            name: OperationAttempts(
                attempt_count=each.count, last_attempt=each.last or None, blocked_since=since
            )
            for name, each in sorted(totals.items())
        },
        minutes=tuple(
            (minute * 60, {operation: count for _, operation, count in some})
            for minute, some in groupby(ordered, key=lambda one: one[0])
        ),
    )
