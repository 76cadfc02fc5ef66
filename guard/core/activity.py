"""What happened in a time, summed over its windows; and how tables have grown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.counts import Count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from guard.core.account import Account
    from guard.core.history import WindowRecord

__all__ = ["Activity", "activity_of", "growth_of", "lengths_of", "median"]

_EMERGENCY = "emergency"
_TEST = "test"
_ERRORS = (Count.FAILED, Count.KILLED, Count.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Sums over windows that were opened in a time. Rehearsals are counted apart and block nothing.

    Attributes:
        activations: normal and emergency windows together.
        refused, held, parked: jobs that were blocked, by what became of them.
        errors: jobs of these windows that failed, were killed or lost their process.
        unread: windows whose account nobody could read; the sums are without them.
    """

    activations: int
    emergencies: int
    rehearsals: int
    refused: int
    held: int
    parked: int
    errors: int
    unread: int = 0


def activity_of(windows: Iterable[tuple[WindowRecord, Account | None]]) -> Activity:
    """The sums over windows with their accounts; None for an account that could not be read."""
    kept = list(windows)
    real = [(record, account) for record, account in kept if record.mode != _TEST]
    accounts = [account for _, account in real if account is not None]
    return Activity(
        activations=len(real),
        emergencies=sum(record.mode == _EMERGENCY for record, _ in real),
        rehearsals=len(kept) - len(real),
        refused=sum(account.total(Count.REFUSED) for account in accounts),
        held=sum(account.total(Count.HELD) for account in accounts),
        parked=sum(account.total(Count.PARKED) for account in accounts),
        errors=sum(account.total(kind) for account in accounts for kind in _ERRORS),
        unread=len(real) - len(accounts),
    )


def lengths_of(windows: Iterable[WindowRecord]) -> list[float]:
    """How long windows were open that have ended, in seconds. Rehearsals are left out."""
    return [
        max(0.0, record.ended_at - record.started_at)
        for record in windows
        if record.ended_at is not None and record.mode != _TEST
    ]


def growth_of(now: Mapping[str, int], before: Mapping[str, object]) -> dict[str, int]:
    """By how many bytes each table has grown that was there before too."""
    return {
        name: size - old
        for name, size in now.items()
        if isinstance(old := before.get(name), int) and not isinstance(old, bool)
    }


def median(values: Sequence[float]) -> float | None:
    """The middle one; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
