"""Modes and phases of a maintenance window, and the gate codes that travel in the shared page."""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = ["CLOSED_PHASES", "Gate", "Mode", "Phase", "gate_of"]


class Mode(StrEnum):
    """How strict a window is."""

    NORMAL = "normal"
    EMERGENCY = "emergency"
    TEST = "test"


class Phase(StrEnum):
    """Where a window stands. The moves between phases are in `guard.core.phases`."""

    INACTIVE = "inactive"
    CLOSING = "closing"
    DRAINING = "draining"
    ACTIVE = "active"
    VERIFYING = "verifying"
    RELEASING = "releasing"


CLOSED_PHASES = frozenset({Phase.CLOSING, Phase.DRAINING, Phase.ACTIVE, Phase.VERIFYING})
"""Phases in which a normal or emergency window keeps the gate closed."""


class Gate(IntEnum):
    """What a gate enforces, as the three bits in the shared page.

    UNKNOWN is zero on purpose: a page that nobody has written is closed.
    """

    UNKNOWN = 0
    OPEN = 1
    NORMAL = 2
    EMERGENCY = 3
    TEST = 4


def gate_of(mode: Mode | None, phase: Phase) -> Gate:
    """What a state with this mode and phase makes the gates do."""
    if mode is None or phase not in CLOSED_PHASES:
        return Gate.OPEN
    return {Mode.NORMAL: Gate.NORMAL, Mode.EMERGENCY: Gate.EMERGENCY, Mode.TEST: Gate.TEST}[mode]
