"""The state: which of two is believed, and what it says about itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.modes import Gate, Mode, Phase
from guard.core.state import GuardState, newer
from tests.core.strategies import many, states

FIRST = GuardState.first("store", 100.0)
STRICT = [Gate.OPEN, Gate.TEST, Gate.NORMAL, Gate.EMERGENCY]


def with_gate(gate: Gate, *, epoch: int) -> GuardState:
    if gate is Gate.OPEN:
        return replace(FIRST, epoch=epoch)
    return replace(FIRST, epoch=epoch, phase=Phase.ACTIVE, mode=Mode[gate.name])


@pytest.mark.parametrize("one", STRICT)
@pytest.mark.parametrize("other", STRICT)
def test_on_a_tie_the_stricter_gate_is_believed(one: Gate, other: Gate) -> None:
    expected = STRICT[max(STRICT.index(one), STRICT.index(other))]
    assert newer(with_gate(one, epoch=5), with_gate(other, epoch=5)).gate is expected


@pytest.mark.parametrize("gate", STRICT)
def test_a_greater_epoch_wins_however_lax_it_is(gate: Gate) -> None:
    lax = with_gate(Gate.OPEN, epoch=6)
    assert newer(lax, with_gate(gate, epoch=5)) is lax
    assert newer(with_gate(gate, epoch=5), lax) is lax


@given(states(), states(), states())
@many
def test_belief_does_not_depend_on_who_told_first(a: GuardState, b: GuardState, c: GuardState) -> None:
    for left, right in [(newer(a, b), newer(b, a)), (newer(newer(a, b), c), newer(a, newer(b, c)))]:
        assert (left.epoch, left.gate) == (right.epoch, right.gate)


def test_a_new_installation_is_open_and_says_so() -> None:
    assert (FIRST.epoch, FIRST.gate, FIRST.is_active, FIRST.planned_end) == (0, Gate.OPEN, False, None)


@pytest.mark.parametrize(
    ("started_at", "duration", "end"),
    [(100.0, 60, 160.0), (None, 60, None), (100.0, None, None), (0.0, 1, 1.0)],
)
def test_planned_end(started_at: float | None, duration: int | None, end: float | None) -> None:
    assert replace(FIRST, started_at=started_at, duration=duration).planned_end == end


def test_a_window_in_test_mode_is_active() -> None:
    assert with_gate(Gate.TEST, epoch=1).is_active


def test_a_release_is_not_active() -> None:
    assert not replace(FIRST, phase=Phase.RELEASING, mode=Mode.EMERGENCY).is_active
