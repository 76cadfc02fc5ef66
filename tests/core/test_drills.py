"""A scenario knows its steps."""

from __future__ import annotations

from guard.core.drill_scenarios import SCENARIOS
from guard.core.drills import Act, Place


def test_what_cannot_happen_in_a_place_is_not_counted_there() -> None:
    scenario = SCENARIOS["system-failure"]
    acts = {place: [step.act for step in scenario.steps_in(place)] for place in Place}
    assert Act.REPAIR in acts[Place.DEMO]
    assert Act.REPAIR not in acts[Place.REHEARSAL]
    assert [act for act in acts[Place.DEMO] if act is not Act.REPAIR] == acts[Place.REHEARSAL]


def test_a_step_is_found_by_its_key() -> None:
    found = SCENARIOS["team"].step("support")
    assert found is not None
    assert found.apart_from == ("lead", "operations")
    assert SCENARIOS["team"].step("nobody") is None
