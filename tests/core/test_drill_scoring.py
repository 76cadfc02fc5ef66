"""A score that skipping never raises."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.drill_scenarios import SCENARIOS
from guard.core.drill_scoring import Line, Outcome, ScoreCard, Seen, level_of, score
from guard.core.drill_steps import CLOSE, asking, detecting, repairing
from guard.core.drills import Concern, Place, Scenario, Who

EVERY = [(one, place) for one in SCENARIOS.values() for place in Place]

times = st.none() | st.floats(0, 1e5, allow_nan=False)


@st.composite
def played(draw: st.DrawFn) -> tuple[Scenario, Place, list[Seen]]:
    scenario, place = draw(st.sampled_from(EVERY))
    facts = [
        Seen(key=step.key, seconds=draw(times), skipped=draw(st.booleans()), why="x")
        for step in scenario.steps
        if draw(st.booleans())
    ]
    return scenario, place, facts


@given(played())
def test_what_could_be_earned_does_not_depend_on_what_was_done(
    drill: tuple[Scenario, Place, list[Seen]],
) -> None:
    scenario, place, facts = drill
    card, nothing = score(scenario, place, facts), score(scenario, place, [])
    assert card.possible == nothing.possible == sum(line.points for line in card.lines)
    assert [line.key for line in card.lines] == [line.key for line in nothing.lines]
    assert 0 <= card.earned <= card.possible
    assert nothing.earned == 0
    assert nothing.percent == 0.0
    json.dumps(card.to_dict(), allow_nan=False)


@given(played(), st.data())
def test_skipping_a_step_never_makes_a_score_better(
    drill: tuple[Scenario, Place, list[Seen]], data: st.DataObject
) -> None:
    scenario, place, facts = drill
    if not facts:
        return
    number = data.draw(st.integers(0, len(facts) - 1))
    skipped = [*facts]
    skipped[number] = replace(facts[number], skipped=True)
    without = [one for one in facts if one is not facts[number]]
    before = score(scenario, place, facts).earned
    assert score(scenario, place, skipped).earned <= before
    assert score(scenario, place, without).earned <= before


@given(st.sampled_from(EVERY), st.floats(0, 1e5), st.floats(0, 1e5))
def test_faster_is_never_worse(where: tuple[Scenario, Place], one: float, other: float) -> None:
    scenario, place = where
    fast, slow = sorted((one, other))
    key = scenario.steps_in(place)[0].key
    earned = [score(scenario, place, [Seen(key=key, seconds=seconds)]).earned for seconds in (fast, slow)]
    assert earned[0] >= earned[1]


@pytest.mark.parametrize(
    ("fact", "outcome", "share"),
    [
        (None, Outcome.NOT_REACHED, 0.0),
        (Seen(key="detect", seconds=30.0), Outcome.IN_TIME, 1.0),
        (Seen(key="detect", seconds=30.1), Outcome.LATE, 0.5),
        (Seen(key="detect", seconds=60.0), Outcome.LATE, 0.5),
        (Seen(key="detect", seconds=60.1), Outcome.TOO_LATE, 0.0),
        (Seen(key="detect"), Outcome.NOT_SEEN, 0.0),
        (Seen(key="detect", seconds=-1.0), Outcome.NOT_SEEN, 0.0),
        (Seen(key="detect", seconds=float("nan")), Outcome.NOT_SEEN, 0.0),
        (Seen(key="detect", seconds=1.0, skipped=True), Outcome.SKIPPED, 0.0),
    ],
)
def test_a_step_is_judged_by_its_time(fact: Seen | None, outcome: Outcome, share: float) -> None:
    scenario = SCENARIOS["security-incident"]
    line = score(scenario, Place.REHEARSAL, [fact] if fact else []).lines[0]
    assert (line.outcome, line.earned) == (outcome.value, share * line.points)


def test_of_two_facts_about_a_step_the_first_counts() -> None:
    facts = [Seen(key="detect", seconds=61.0), Seen(key="detect", seconds=1.0)]
    assert score(SCENARIOS["team"], Place.REHEARSAL, facts).earned == 0


def test_a_concern_of_which_a_part_was_not_seen_is_unknown() -> None:
    scenario = SCENARIOS["security-incident"]
    facts = [Seen(key=step.key, seconds=2.0) for step in scenario.steps_in(Place.REHEARSAL)]
    assert score(scenario, Place.REHEARSAL, facts).seconds == dict.fromkeys(map(str, Concern), 2.0)
    facts = [one for one in facts if one.key != "open"]
    seconds = score(scenario, Place.REHEARSAL, facts).seconds
    assert (seconds["drained"], seconds["recovered"]) == (2.0, None)


def test_one_that_was_aborted_has_no_score() -> None:
    card = score(SCENARIOS["team"], Place.DEMO, [Seen(key="detect", seconds=1.0)], aborted="a real window")
    assert (card.percent, card.level, card.earned, card.aborted) == (None, None, 10, "a real window")


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (100, "expert"), (90, "expert"), (89.9, "proficient"), (80, "proficient"), (70, "competent"),
        (60, "developing"), (59.9, "inadequate"), (0, "inadequate"),
    ],
)  # fmt: skip
def test_the_levels_are_those_of_the_training_materials(percent: float, level: str) -> None:
    assert level_of(percent) == level


SMALL = replace(
    SCENARIOS["team"],
    name="small",
    steps=(detecting("seen"), asking("a", "say so", Who.SUPPORT, 1, 5), repairing("back"), CLOSE),
)


def test_a_card_in_full() -> None:
    facts = [
        Seen(key="detect", seconds=31.0, why="a look"),
        Seen(key="a", seconds=60.0, by="bob"),
        Seen(key="close", seconds=3.0, skipped=True),
        Seen(key="repair", seconds=1.0),  # not in this place
    ]
    detect = Line(
        key="detect", title="seen", concern="detected", who="guard", outcome="late", seconds=31.0,
        within=30.0, earned=5.0, points=10, by="", why="a look",
    )  # fmt: skip
    asked = Line(
        key="a", title="say so", concern="acknowledged", who="support staff", outcome="in time", seconds=60.0,
        within=60.0, earned=5.0, points=5, by="bob", why="",
    )  # fmt: skip
    close = Line(
        key="close", title=CLOSE.title, concern="acknowledged", who="guard", outcome="skipped", seconds=None,
        within=6.0, earned=0.0, points=10,
    )  # fmt: skip
    card = score(SMALL, Place.REHEARSAL, facts)
    assert card == ScoreCard(
        scenario="small", place="rehearsal", lines=(detect, asked, close), earned=10.0, possible=25,
        percent=40.0, level="inadequate",
        seconds={"detected": 31.0, "acknowledged": None, "drained": None, "recovered": None}, aborted="",
    )  # fmt: skip
    said = card.to_dict()
    assert [line["key"] for line in said["lines"]] == ["detect", "a", "close"]
    assert said["lines"][1] == {
        "key": "a", "title": "say so", "concern": "acknowledged", "who": "support staff",
        "outcome": "in time", "seconds": 60.0, "within": 60.0, "earned": 5.0, "points": 5, "by": "bob",
        "why": "",
    }  # fmt: skip
    assert (said["percent"], said["aborted"]) == (40.0, "")
    assert said == json.loads(json.dumps(said)), "of JSON's types, and nothing else"
    assert said.keys() == set(ScoreCard.__slots__)


def test_the_slowest_step_of_a_concern_counts() -> None:
    facts = [Seen(key="a", seconds=61.0), Seen(key="close", seconds=3.0), Seen(key="repair", seconds=2.0)]
    card = score(SMALL, Place.DEMO, facts)
    assert card.seconds == {"detected": None, "acknowledged": 61.0, "drained": None, "recovered": 2.0}
    assert [line.outcome for line in card.lines] == ["not reached", "late", "in time", "in time"]
    assert (card.earned, card.possible, card.percent) == (22.5, 35, 64.3)
    assert card.level == "developing"


def test_a_scenario_without_points_has_no_per_cent() -> None:
    card = score(replace(SMALL, steps=()), Place.DEMO, [])
    assert (card.percent, card.level, card.possible, card.earned) == (None, None, 0, 0)


def test_at_once_is_in_time() -> None:
    assert score(SMALL, Place.DEMO, [Seen(key="detect", seconds=0.0)]).lines[0].outcome == "in time"


def test_a_fact_unless_more_is_said() -> None:
    assert Seen(key="a") == Seen(key="a", seconds=None, skipped=False, by="", why="")
    assert [outcome.value for outcome in Outcome] == [
        "in time", "late", "too late", "not seen", "skipped", "not reached",
    ]  # fmt: skip
