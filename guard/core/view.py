"""What a process believes about the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from guard.core.modes import Gate

__all__ = ["GateView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """What the asking process may believe right now.

    Attributes:
        gate: UNKNOWN when its lease has run out or it never had one.
        epoch: None when unknown.
        reason: as the administrator wrote it; empty when unknown.
        planned_end: UTC seconds, or None.
        scope: what the window is about; everything when unknown.
        bypass: whether holders of a bypass may pass now.
    """

    gate: Gate
    epoch: int | None = None
    reason: str = ""
    planned_end: float | None = None
    bypass: bool = True
    scope: Scope = EVERYTHING
