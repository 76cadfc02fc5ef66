"""What the conductor asks of the fleet and the stores beyond the guard state; unknown is None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from guard.core.operations import OperationKind
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Questions, wired by bootstrap.

    Attributes:
        roster: all registered agents.
        parked: how many messages lie in the parking queue.
        unguarded: consumers without a guard, given the guarded queues and the known nodes.
        carries: for these queues the operations routed to them.
        warnings: what may bite during a window in this state.
    """

    roster: Callable[[], list[RosterEntry] | None]
    parked: Callable[[], int | None]
    unguarded: Callable[[Collection[str], Collection[str]], list[str] | None]
    carries: Callable[[list[str]], Mapping[str, Collection[OperationKind]]]
    warnings: Callable[[GuardState], tuple[str, ...]]
