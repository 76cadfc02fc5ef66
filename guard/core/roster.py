"""What the control plane knows about all agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.core.agents import AgentCard, AgentReport

__all__ = ["SEEN_LATELY_SECONDS", "Barrier", "RosterEntry"]

SEEN_LATELY_SECONDS = 5.0
"""Who was heard of within this time lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """One registered agent.

    Attributes:
        card: who it is.
        acknowledged_epoch: the last epoch that it acknowledged; -1 before the first.
        seen_seconds_ago: since its last renewal, by the store's clock.
        report: its last report while closed; None when it never made one in this epoch.
    """

    card: AgentCard
    acknowledged_epoch: int
    seen_seconds_ago: float
    report: AgentReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Where the acknowledgements of the current epoch stand.

    Attributes:
        epoch: the epoch of the control plane right now.
        pending: registered agents that have not acknowledged it.
        registry_age: seconds for which the registry has been whole on this server.
        server: identity of the server process; another one means a restart or a failover.
    """

    epoch: int
    pending: int
    registry_age: float
    server: str
