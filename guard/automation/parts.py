"""What the weekly optimization works with, wired by bootstrap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.cleanup import FolderRule, KeyRule
    from guard.core.optimization_report import FolderReport, KeyReport
    from guard.core.roster import RosterEntry
    from guard.orchestrator.advancing import Advancing
    from guard.orchestrator.changes import Changes
    from guard.orchestrator.conductor import Conductor
    from guard.orchestrator.releasing import Releasing
    from guard.ports import Alerts, Clock, WindowLeases
    from guard.settings import Settings
    from guard.upkeep.database import Database

__all__ = ["OptimizationParts", "Patience"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long what is waited for, in seconds.

    Attributes:
        lease: after this time without a sign of life a run counts as dead, and anybody ends its window.
        renew: between two signs of life.
        end: a run tries for this long to end its window while the durable store is away; after that it is
            left to `recover`.
        drain_slack: after its deadline a drain ends its window itself; if it does not, the run does.
        reserve: kept at the end of the planned length for the check and the release.
    """

    lease: float = 60.0
    renew: float = 10.0
    end: float = 300.0
    drain_slack: float = 15.0
    reserve: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationParts:
    """The parts.

    Attributes:
        database: opens the application's database.
        clean_keys, clean_folder: clean up by one rule; a question that is asked in between ends it.
        sweep_sessions: takes whether it is a dry run and gives plain JSON types; None: nobody does it.
        roster: all registered agents; None when that does not answer.
    """

    settings: Settings
    clock: Clock
    alerts: Alerts
    leases: WindowLeases
    changes: Changes
    conductor: Conductor
    releasing: Releasing
    advancing: Advancing
    database: Callable[[], Database]
    clean_keys: Callable[[KeyRule, bool, Callable[[], bool]], KeyReport]
    clean_folder: Callable[[FolderRule, bool, Callable[[], bool]], FolderReport]
    sweep_sessions: Callable[[bool], Mapping[str, Any]] | None
    roster: Callable[[], list[RosterEntry] | None]
    who: str
    patience: Patience = field(default_factory=Patience)
