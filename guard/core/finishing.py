"""Steps that finish: continuations that go on while a normal window drains, because their task asks for it.

A step is entered before it is published and struck off after whatever follows it was published, so a workflow
that goes on always has one that is entered. A window is drained when none is left; from that moment none is
entered any more, and what still comes waits like every continuation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from guard.core.modes import Mode, Phase
from guard.core.plain import read_flat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.state import GuardState

__all__ = ["FinishingStep", "lets_finish", "read_mark", "write_mark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishingStep:
    """One step. `token` names this publication; `since` is UTC seconds."""

    token: str
    task_id: str
    task: str
    queue: str
    since: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read it back.

        Raises:
            ValueError: it is no such step.
        """
        return read_flat(cls, raw)


def lets_finish(state: GuardState) -> bool:
    """Whether steps may go on: while a normal window closes and drains."""
    return state.mode is Mode.NORMAL and state.phase in {Phase.CLOSING, Phase.DRAINING}


def write_mark(window_id: str, token: str) -> str:
    """What the message of a step carries."""
    return f"{window_id}/{token}"


def read_mark(mark: object) -> tuple[str, str] | None:
    """Window and token; None when this is no such mark."""
    if not isinstance(mark, str):
        return None
    window_id, _, token = mark.partition("/")
    return (window_id, token) if window_id and token else None
