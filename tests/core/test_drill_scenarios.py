"""The tables of the scenarios are whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from guard.core.drill_detection import Readings, detect, is_well
from guard.core.drill_scenarios import SCENARIOS, scenario_of
from guard.core.drills import Act, Concern, Place, Scenario
from guard.errors import InvalidRequest
from tests.core.wording import is_worded


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


def test_what_people_are_told_and_asked_in_each_scenario() -> None:
    lines = [line for scenario in SCENARIOS.values() for line in _lines(scenario)]
    for line in lines:
        is_worded("drill_scenarios", line)
    written = Path(__file__).parent / "wording" / "drill_scenarios.txt"
    assert sorted(lines) == written.read_text(encoding="utf-8").splitlines()


def _lines(scenario: Scenario) -> list[str]:
    opening = f"{scenario.title}: {scenario.situation} ({scenario.mode}, {scenario.expects.value})"
    symptoms = [f"{symptom.told} {_known(symptom.reading)}" for symptom in scenario.symptoms]
    steps = [
        f"{step.key} ({step.concern.value}, {step.act.value}): {step.title}; {step.who.value},"
        f" {step.within:g} s, {step.points} points, {' and '.join(sorted(step.places))},"
        f" apart from {list(step.apart_from)}"
        for step in scenario.steps
    ]
    return [f"{scenario.name} {n:02}: {told}" for n, told in enumerate([opening, *symptoms, *steps])]


def _known(reading: Readings) -> dict[str, object]:
    return {key: value for key, value in asdict(reading).items() if value is not None}


def test_each_is_found_by_its_name_and_they_have_an_order() -> None:
    names = ["security-incident", "system-failure", "performance-crisis", "planned-window", "team"]
    assert list(SCENARIOS) == names
    assert [scenario_of(name).name for name in names] == names


def test_what_is_no_name_is_named_to_its_fortieth_character() -> None:
    with pytest.raises(InvalidRequest) as refused:
        scenario_of("x" * 41)
    assert str(refused.value) == (
        f"there is no scenario {'x' * 40!r}: use security-incident, system-failure, performance-crisis,"
        " planned-window, team"
    )
