"""Two stores that disagree: what the durable one has to learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.modes import Gate, Mode, Phase
from guard.core.reconcile import AHEAD, to_be_journaled
from guard.core.state import GuardState, newer
from tests.core.strategies import states

FIRST = GuardState.first("store", 0.0)
OPEN_7 = replace(FIRST, epoch=7)
EMERGENCY_7 = replace(FIRST, epoch=7, mode=Mode.EMERGENCY, phase=Phase.CLOSING, reason="fire")
NORMAL_7 = replace(FIRST, epoch=7, mode=Mode.NORMAL, phase=Phase.DRAINING, reason="move")


@pytest.mark.parametrize(
    ("durable", "live", "learns"),
    [
        (OPEN_7, OPEN_7, None),
        (OPEN_7, replace(OPEN_7, epoch=6), None),
        (replace(OPEN_7, epoch=6), EMERGENCY_7, EMERGENCY_7),
        (OPEN_7, EMERGENCY_7, replace(EMERGENCY_7, epoch=8)),
        (EMERGENCY_7, OPEN_7, replace(EMERGENCY_7, epoch=8)),
        (NORMAL_7, EMERGENCY_7, replace(EMERGENCY_7, epoch=8)),
        (OPEN_7, replace(EMERGENCY_7, store_id="another"), None),
        (replace(OPEN_7, epoch=6), replace(EMERGENCY_7, store_id="another"), None),
    ],
)
def test_what_the_durable_store_learns(
    durable: GuardState, live: GuardState, learns: GuardState | None
) -> None:
    assert to_be_journaled(durable, live) == learns


@given(states(), states())
def test_afterwards_both_stores_can_take_it_and_nothing_is_opened(one: GuardState, other: GuardState) -> None:
    other = replace(other, store_id=one.store_id)
    learnt = to_be_journaled(one, other)
    if learnt is None:
        assert newer(one, other) == one
        return
    assert learnt.epoch > one.epoch
    assert learnt.epoch > other.epoch or learnt == other
    assert learnt.gate is newer(one, other).gate
    assert learnt.gate is not Gate.OPEN or newer(one, other).gate is Gate.OPEN


def test_an_emergency_that_only_redis_knows_of_stays_ahead_of_a_thousand_changes() -> None:
    assert AHEAD == 1000
