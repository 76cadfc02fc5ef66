"""The tables of the scenarios are whole."""

from __future__ import annotations

import pytest

from guard.core.drill_detection import Readings, detect, is_well
from guard.core.drill_scenarios import SCENARIOS, scenario_of
from guard.core.drills import Act, Concern, Place, Scenario
from guard.errors import InvalidRequest


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_each_scenario_is_whole(scenario: Scenario) -> None:
    keys = [step.key for step in scenario.steps]
    assert len(keys) == len(set(keys))
    assert {step.concern for step in scenario.steps_in(Place.REHEARSAL)} == set(Concern)
    assert all(step.points > 0 and step.within > 0 for step in scenario.steps)
    for step in scenario.steps:
        assert step.is_people == (step.who.value != "guard")
        # Whoever else is meant has acted before.
        assert set(step.apart_from) <= set(keys[: keys.index(step.key)])
    acts = [step.act for step in scenario.steps if not step.is_people]
    assert acts.index(Act.CLOSE) < acts.index(Act.DRAIN) < acts.index(Act.OPEN)
    told = Readings()
    for symptom in scenario.symptoms:
        told = told.and_then(symptom.reading)
    assert scenario.expects in {one.fault for one in detect(told)}
    assert not is_well(told, scenario.expects)


def test_an_unknown_scenario_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidRequest, match=r"did you mean 'security-incident'\?"):
        scenario_of("security-incidents")
