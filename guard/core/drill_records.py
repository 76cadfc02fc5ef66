"""What is kept of a drill."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DrillRecord", "DrillState"]


class DrillState(StrEnum):
    """Where a drill stands."""

    RUNNING = "running"
    """Or its process was killed: nobody has written its end."""
    FINISHED = "finished"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRecord:
    """One drill.

    Attributes:
        drill_id: a UUID.
        place: ``rehearsal`` or ``demo``.
        began_at, ended_at: UTC seconds; `ended_at` is None while it runs.
        percent: of what could be earned; None while it runs, and of one that was aborted.
        waiting_for: the key of the step that somebody may acknowledge now; empty when there is none.
        card: the score card as `ScoreCard.to_dict` gives it; empty while it runs.
    """

    drill_id: str
    scenario: str
    place: str
    state: DrillState
    by: str
    began_at: float
    ended_at: float | None = None
    percent: float | None = None
    waiting_for: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "state": self.state.value}
