"""What each mode and phase makes the gates do."""

from __future__ import annotations

import pytest

from guard.core.modes import CLOSED_PHASES, Gate, Mode, Phase, gate_of

CLOSING = {"closing", "draining", "active", "verifying"}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("mode", [None, *Mode])
def test_gate_follows_mode_only_while_closed(mode: Mode | None, phase: Phase) -> None:
    expected = mode.value.upper() if mode is not None and phase.value in CLOSING else "OPEN"
    assert gate_of(mode, phase).name == expected


def test_a_page_that_nobody_wrote_is_closed() -> None:
    assert Gate(0) is Gate.UNKNOWN


def test_gate_codes_fit_in_three_bits() -> None:
    assert all(0 <= gate < 8 for gate in Gate)


def test_closed_phases_are_those_between_opening_and_releasing() -> None:
    assert {phase.value for phase in CLOSED_PHASES} == CLOSING


def test_the_names_and_codes_that_records_and_pages_hold() -> None:
    """Workers of other releases read them."""
    assert [mode.value for mode in Mode] == ["normal", "emergency", "test"]
    assert [phase.value for phase in Phase] == [
        "inactive",
        "closing",
        "draining",
        "active",
        "verifying",
        "releasing",
    ]
    codes = {gate.name: gate.value for gate in Gate}
    assert codes == {"UNKNOWN": 0, "OPEN": 1, "NORMAL": 2, "EMERGENCY": 3, "TEST": 4}
