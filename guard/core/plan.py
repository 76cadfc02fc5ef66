"""What is to be done for a window now, as one pure function.

Whoever waits for a window, the orchestrator task and the housekeeping of the workers all ask this and
do what it says. Every act may be done twice and by several at once: each is a compare-and-set.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core.modes import Mode, Phase
from guard.core.terms import AtDeadline

if TYPE_CHECKING:
    from guard.core.drain import DrainView
    from guard.core.state import GuardState

__all__ = ["Act", "plan"]


class Act(StrEnum):
    """One step of a window."""

    NOTHING = "nothing"
    """No window is open, or nothing but time or a person can bring it on."""
    WAIT = "wait"
    """Jobs still run."""
    CLOSE = "close"
    """Wait until every gate is closed, and confirm that."""
    REPORT_DRAINED = "report drained"
    EXTEND = "extend"
    ESCALATE = "escalate"
    ABORT = "abort"
    RELEASE = "release"
    """Give parked jobs back."""


_AT_DEADLINE = {
    AtDeadline.WAIT: Act.WAIT,
    AtDeadline.EXTEND: Act.EXTEND,
    AtDeadline.ESCALATE: Act.ESCALATE,
    AtDeadline.ABORT: Act.ABORT,
}


def plan(state: GuardState, view: DrainView | None, now: float) -> Act:
    """The next act for a window.

    Args:
        view: how far the drain is; only looked at while draining.
        now: UTC seconds.
    """
    if state.phase is Phase.CLOSING:
        return Act.CLOSE
    if state.phase is Phase.RELEASING:
        return Act.RELEASE
    if state.phase is not Phase.DRAINING or state.mode is Mode.TEST:
        return Act.NOTHING
    if view is not None and view.drained:
        return Act.REPORT_DRAINED
    deadline = state.drain_deadline
    if deadline is None or now < deadline:
        return Act.WAIT
    act = _AT_DEADLINE[state.terms.at_deadline]
    if act is Act.ESCALATE and state.mode is Mode.EMERGENCY:
        return Act.WAIT  # it is one already
    return act
