"""The kinds of steps: minutes for people, seconds for the guard."""

from __future__ import annotations

import pytest

from guard.core.drill_steps import CLOSE, OPEN, asking, detecting, draining, repairing
from guard.core.drills import Act, Concern, Place, Step, Who


def test_people_have_minutes_and_the_guard_seconds() -> None:
    step = asking("assess", "say so", Who.OPERATIONS, 5, 15)
    assert (step.within, step.given_up_after, step.act) == (300.0, 600.0, Act.ASK)
    assert detecting("seen").within == 30.0
    assert draining(60.0).within == 60.0
    assert CLOSE.within == 6.0


GUARDS = [
    (
        CLOSE, "close", "every worker acknowledges that its gate follows the window", Concern.ACKNOWLEDGED,
        Act.CLOSE, 6.0, 10,
    ),
    (OPEN, "open", "the window ends, and every worker knows", Concern.RECOVERED, Act.OPEN, 10.0, 10),
    (detecting("it is seen"), "detect", "it is seen", Concern.DETECTED, Act.DETECT, 30.0, 10),
    (detecting("seen", 7.0), "detect", "seen", Concern.DETECTED, Act.DETECT, 7.0, 10),
    (
        draining(60.0), "drain", "no job is in flight of those that ran when it closed", Concern.DRAINED,
        Act.DRAIN, 60.0, 20,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "key", "title", "concern", "act", "within", "points"), GUARDS, ids=[row[1] for row in GUARDS]
)
def test_what_the_guard_does_itself(
    step: Step, key: str, title: str, concern: Concern, act: Act, within: float, points: int
) -> None:
    assert step == Step(
        key=key, title=title, concern=concern, who=Who.GUARD, act=act, within=within, points=points
    )


def test_a_step_of_the_demo_alone() -> None:
    assert repairing("it is back") == Step(
        key="repair", title="it is back", concern=Concern.RECOVERED, who=Who.GUARD, act=Act.REPAIR,
        within=30.0, points=10, places=frozenset({Place.DEMO}),
    )  # fmt: skip


def test_what_a_person_is_asked() -> None:
    assert asking("a", "say so", Who.SUPPORT, 5, 15) == Step(
        key="a", title="say so", concern=Concern.ACKNOWLEDGED, who=Who.SUPPORT, act=Act.ASK, within=300.0,
        points=15, apart_from=(),
    )  # fmt: skip
    other = asking("b", "go", Who.EMERGENCY, 1, 2, concern=Concern.RECOVERED, apart_from=("a",))
    assert other == Step(
        key="b", title="go", concern=Concern.RECOVERED, who=Who.EMERGENCY, act=Act.ASK, within=60.0, points=2,
        apart_from=("a",),
    )  # fmt: skip


def test_what_is_repaired_was_broken_in_the_demo_alone() -> None:
    assert repairing("back").places == {Place.DEMO}
    assert CLOSE.places == set(Place)
