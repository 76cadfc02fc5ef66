"""What reports are made with, wired by bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from guard.core.attempts import AttemptsView
    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.ports import Clock, DurableStore, Outcomes, ParkedIndex, Tally
    from guard.store.sql.happenings import SqlHappenings
    from guard.store.sql.reports import SqlReports
    from guard.store.sql.routines import SqlRoutines

__all__ = ["AttemptSums", "ReportParts"]


class AttemptSums(Protocol):
    """Who knows how many requests a window refused."""

    def of(self, window_id: str, *, now: float) -> AttemptsView:
        """What was attempted in a window; `now` in UTC seconds. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """The parts.

    Attributes:
        frequent: routines by interval: their results are kept for a day, so no report counts them.
        roster: all registered agents; None when that does not answer.
    """

    durable: DurableStore
    happenings: SqlHappenings
    kept: SqlReports
    past: SqlRoutines
    tally: Tally
    index: ParkedIndex
    outcomes: Outcomes
    attempts: AttemptSums
    clock: Clock
    zone: ZoneInfo
    frequent: frozenset[str]
    announce: Announces
    roster: Callable[[], list[RosterEntry] | None]
