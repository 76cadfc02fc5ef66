"""The phases of a window and every legal move between them, as one table.

Rules of this file: everything that decides which phase may follow which is in `MOVES`; a missing
entry is an illegal move. What a move changes besides the phase is in `guard.core.changes`.

    inactive → closing → draining → active → (verifying) → releasing → inactive
"""

from __future__ import annotations

from enum import StrEnum

from guard.core.modes import Phase
from guard.errors import IllegalMove

__all__ = ["MOVES", "Event", "move"]


class Event(StrEnum):
    """What can happen to a window. The values are the verbs of the error messages."""

    ENABLE = "enable"
    CONFIRM = "confirm"
    DRAINED = "report drained"
    CHANGE = "change"
    ESCALATE = "escalate"
    EASE = "ease"
    VERIFY = "verify"
    DISABLE = "disable"
    RELEASED = "finish releasing"
    INVALIDATE = "invalidate sessions"
    """At any time: it changes no phase."""


MOVES: dict[Phase, dict[Event, Phase]] = {
    Phase.INACTIVE: {Event.ENABLE: Phase.CLOSING, Event.INVALIDATE: Phase.INACTIVE},
    # A stricter mode closes more: gates are confirmed and workers drained once more. An easier one
    # leaves everything where it stands.
    Phase.CLOSING: {
        Event.CONFIRM: Phase.DRAINING,
        Event.CHANGE: Phase.CLOSING,
        Event.INVALIDATE: Phase.CLOSING,
        Event.ESCALATE: Phase.CLOSING,
        Event.EASE: Phase.CLOSING,
        Event.DISABLE: Phase.RELEASING,
    },
    Phase.DRAINING: {
        Event.DRAINED: Phase.ACTIVE,
        Event.CHANGE: Phase.DRAINING,
        Event.INVALIDATE: Phase.DRAINING,
        Event.ESCALATE: Phase.CLOSING,
        Event.EASE: Phase.DRAINING,
        Event.DISABLE: Phase.RELEASING,
    },
    Phase.ACTIVE: {
        Event.VERIFY: Phase.VERIFYING,
        Event.CHANGE: Phase.ACTIVE,
        Event.INVALIDATE: Phase.ACTIVE,
        Event.ESCALATE: Phase.CLOSING,
        Event.EASE: Phase.ACTIVE,
        Event.DISABLE: Phase.RELEASING,
    },
    Phase.VERIFYING: {
        Event.CHANGE: Phase.VERIFYING,
        Event.INVALIDATE: Phase.VERIFYING,
        Event.ESCALATE: Phase.CLOSING,
        Event.EASE: Phase.VERIFYING,
        Event.DISABLE: Phase.RELEASING,
    },
    # A new window may begin while the last one's jobs are still going back: what is still parked
    # simply stays parked, and the release stops (invariant I8).
    Phase.RELEASING: {
        Event.RELEASED: Phase.INACTIVE,
        Event.ENABLE: Phase.CLOSING,
        Event.INVALIDATE: Phase.RELEASING,
    },
}

_REMEDIES = {
    Event.ENABLE: "change it, or disable it first",
    Event.DISABLE: "nothing is closed",
    Event.CHANGE: "enable a window first",
    Event.ESCALATE: "enable a window first",
    Event.EASE: "enable a window first",
    Event.VERIFY: "verifying follows active",
}


def move(phase: Phase, event: Event) -> Phase:
    """The phase that follows.

    Raises:
        IllegalMove: the table has no such move.
    """
    try:
        return MOVES[phase][event]
    except KeyError:
        remedy = _REMEDIES.get(event, "the window is not there yet")
        raise IllegalMove(phase=phase, event=event, remedy=remedy) from None
