"""The state: which of two is believed, and what it says about itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.generation import Generation
from guard.core.modes import Gate, Mode, Phase
from guard.core.state import GuardState, newer
from guard.core.terms import Terms
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


def test_a_new_installation_has_nothing_of_a_window() -> None:
    assert (
        GuardState(
            epoch=0,
            phase=Phase.INACTIVE,
            mode=None,
            window_id="",
            reason="",
            by="",
            started_at=None,
            duration=None,
            changed_at=100.0,
            store_id="store",
            terms=Terms(),
            generation=Generation(),
        )
        == FIRST
    )


@pytest.mark.parametrize(
    ("phase", "mode", "verify", "honoured"),
    [
        pytest.param(Phase.ACTIVE, Mode.NORMAL, False, True, id="no stage was agreed on"),
        pytest.param(Phase.CLOSING, Mode.EMERGENCY, False, True, id="no stage, whatever the phase"),
        pytest.param(Phase.ACTIVE, Mode.NORMAL, True, False, id="the stage has not begun"),
        pytest.param(Phase.DRAINING, Mode.EMERGENCY, True, False, id="still draining"),
        pytest.param(Phase.VERIFYING, Mode.NORMAL, True, True, id="the stage"),
        pytest.param(Phase.VERIFYING, Mode.NORMAL, False, True, id="a stage that nobody had agreed on"),
        pytest.param(Phase.ACTIVE, Mode.TEST, True, True, id="a rehearsal"),
    ],
)
def test_when_holders_of_a_bypass_may_run_jobs(
    phase: Phase, mode: Mode, verify: bool, honoured: bool
) -> None:
    state = replace(FIRST, phase=phase, mode=mode, terms=Terms(verify=verify))
    assert state.honours_bypass is honoured


@pytest.mark.parametrize(
    ("started_at", "within", "extended", "deadline"),
    [
        pytest.param(100.0, 60, 0, 160.0, id="as agreed"),
        pytest.param(100.0, 60, 1, 220.0, id="extended once, by the same time"),
        pytest.param(100.0, 60, 3, 340.0, id="extended three times"),
        pytest.param(0.0, 1, 0, 1.0, id="from the first second of 1970"),
        pytest.param(100.0, None, 0, None, id="no deadline"),
        pytest.param(None, 60, 0, None, id="no window"),
        pytest.param(None, None, 2, None, id="neither"),
    ],
)
def test_drain_deadline(
    started_at: float | None, within: int | None, extended: int, deadline: float | None
) -> None:
    terms = Terms(drain_within=within, extended=extended)
    assert replace(FIRST, started_at=started_at, terms=terms).drain_deadline == deadline
