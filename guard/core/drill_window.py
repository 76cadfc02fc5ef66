"""The window of a drill: it is in test mode, touches nothing, and gives way to any real one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.modes import Mode, Phase

if TYPE_CHECKING:
    from guard.core.state import GuardState

__all__ = ["DRILL_REASON", "is_drill", "is_of_drill", "without_drill"]

DRILL_REASON = "Drill: "
"""What the reason of its window begins with. Only in test mode is it a drill's: a real window with such a
reason is a real one."""


def is_drill(state: GuardState) -> bool:
    """Whether the open window is a drill's."""
    return state.is_active and is_of_drill(state.mode, state.reason)


def is_of_drill(mode: str | None, reason: str) -> bool:
    """Whether an open window of this mode and reason is a drill's."""
    return mode == Mode.TEST and reason.startswith(DRILL_REASON)


def without_drill(state: GuardState) -> GuardState:
    """The state as it is for whoever wants to open a real window: a drill is in nobody's way."""
    if not is_drill(state):
        return state
    return replace(state, phase=Phase.INACTIVE, mode=None)
