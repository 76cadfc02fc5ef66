"""A scenario knows its steps."""

from __future__ import annotations

from guard.core.drill_scenarios import SCENARIOS
from guard.core.drill_steps import CLOSE, asking
from guard.core.drills import BOTH, Act, Concern, Place, Step, Who


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


def test_words_that_are_stored_and_shown() -> None:
    assert [place.value for place in Place] == ["rehearsal", "demo"]
    assert [concern.value for concern in Concern] == ["detected", "acknowledged", "drained", "recovered"]
    assert [who.value for who in Who] == [
        "guard", "system administrator", "operations team", "emergency team", "support staff",
    ]  # fmt: skip
    assert [act.value for act in Act] == ["detect", "ask", "close", "drain", "repair", "open"]


def test_a_step_unless_it_is_said_otherwise_is_of_both_places_and_anybody_may_do_it() -> None:
    step = Step(
        key="k", title="t", concern=Concern.DETECTED, who=Who.GUARD, act=Act.DETECT, within=7.5, points=1
    )
    assert (step.places, step.apart_from) == (BOTH, ())
    assert set(BOTH) == {Place.REHEARSAL, Place.DEMO}
    assert step.given_up_after == 15.0


def test_only_who_is_asked_is_a_person() -> None:
    assert asking("a", "say so", Who.SUPPORT, 5, 15).is_people
    assert not CLOSE.is_people
