"""The kinds of steps: minutes for people, seconds for the guard."""

from __future__ import annotations

from guard.core.drill_steps import CLOSE, asking, detecting, draining, repairing
from guard.core.drills import Act, Place, Who


def test_people_have_minutes_and_the_guard_seconds() -> None:
    step = asking("assess", "say so", Who.OPERATIONS, 5, 15)
    assert (step.within, step.given_up_after, step.act) == (300.0, 600.0, Act.ASK)
    assert detecting("seen").within == 30.0
    assert draining(60.0).within == 60.0
    assert CLOSE.within == 6.0


def test_what_is_repaired_was_broken_in_the_demo_alone() -> None:
    assert repairing("back").places == {Place.DEMO}
    assert CLOSE.places == set(Place)
