"""Two stores that disagree: what the durable one has to learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.modes import Gate, Mode, Phase
from guard.core.reconcile import AHEAD, to_be_journaled, was_lost
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


@pytest.mark.parametrize(
    ("known", "stores", "lost"),
    [
        (EMERGENCY_7, (None, None), True),
        (EMERGENCY_7, (replace(OPEN_7, epoch=6), None), True),
        (NORMAL_7, (None, replace(OPEN_7, epoch=6)), True),
        (EMERGENCY_7, (None, EMERGENCY_7), False),
        (EMERGENCY_7, (OPEN_7, None), False),
        (EMERGENCY_7, (replace(OPEN_7, epoch=6), replace(OPEN_7, epoch=8)), False),
        (EMERGENCY_7, (replace(OPEN_7, epoch=6, store_id="another"), None), False),
        (OPEN_7, (None, None), False),
        (replace(NORMAL_7, mode=Mode.TEST), (None, None), False),
        (None, (None, None), False),
    ],
)
def test_a_state_that_closes_is_lost_when_no_store_has_it_or_a_later_one(
    known: GuardState | None, stores: tuple[GuardState | None, ...], lost: bool
) -> None:
    assert was_lost(known, *stores) is lost
