"""How planned windows hold one window: the union, and what a person did."""

from __future__ import annotations

import pytest

from guard.core.generation import SessionPolicy
from guard.core.modes import Mode
from guard.core.occurrence import Stage
from guard.core.scope import EVERYTHING, Scope
from guard.core.terms import AtDeadline
from tests.support.planned import World, at

START = at("2026-12-01 02:00")
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(start=at("2026-11-30 22:00"))


def test_two_plans_that_overlap_are_one_window(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", duration=2 * HOUR, scope={"operations": ["job_creation"]})
    world.plan("two", at="2026-12-01 03:00", duration=2 * HOUR, scope={"operations": ["image_processing"]})
    world.go(until=START + HOUR + 60)
    assert world.state.terms.scope.operations == ("image_processing", "job_creation")
    assert world.state.reason == "the one one; the two one"
    assert world.state.planned_end == pytest.approx(START + 3 * HOUR, abs=5)
    world.go(until=START + 2 * HOUR + 60)
    assert world.state.terms.scope.operations == ("image_processing",), "the first one has let go"
    assert world.state.reason == "the two one"
    world.go(until=START + 5 * HOUR)
    (span,) = world.spans
    assert span.ended is not None
    assert START + 3 * HOUR <= span.ended < START + 3 * HOUR + 30
    assert world.alerts == []


def test_the_scope_of_a_union_is_everything_when_one_is(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", duration=2 * HOUR, scope={"queues": ["images"]})
    world.plan("two", at="2026-12-01 02:00", duration=HOUR)
    world.go(until=START + 60)
    assert world.state.terms.scope == EVERYTHING
    assert len(world.spans) == 1
    world.go(until=START + HOUR + 60)
    assert world.state.terms.scope == Scope(queues=("images",))


def test_windows_that_touch_go_on_without_a_gap(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00")
    world.plan("two", at="2026-12-01 03:00")
    world.go(until=START + 5 * HOUR)
    assert len(world.spans) == 1
    assert world.spans[0].ended == pytest.approx(START + 2 * HOUR, abs=30)


def test_a_window_opened_by_hand_is_never_ended_and_gets_its_own_shape_back(world: World) -> None:
    world.sleep(START - HOUR)
    world.enable(mode="normal", reason="by hand", by="alice", duration=1800, scope={"queues": ["images"]})
    world.plan("move", at="2026-12-01 02:00", sessions="invalidate", drain_within=60, at_deadline="abort")
    world.go(until=START + 60)
    state = world.state
    assert (state.terms.scope, state.reason) == (EVERYTHING, "by hand; the move one")
    assert state.terms.sessions is SessionPolicy.INVALIDATE
    assert state.terms.at_deadline is AtDeadline.WAIT, "no plan sets a deadline for a person's window"
    assert state.planned_end == pytest.approx(START + HOUR, abs=5)
    world.go(until=START + 3 * HOUR)
    state = world.state
    assert world.opened == [(START - HOUR, None)]
    assert (state.terms.scope, state.reason) == (Scope(queues=("images",)), "by hand")
    assert state.terms.sessions is SessionPolicy.KEEP
    assert state.planned_end == pytest.approx(START - 1800, abs=5)


def test_a_window_that_a_program_works_in_is_waited_for(world: World) -> None:
    """A change by somebody else would make the weekly optimization stop, and leave its window to nobody."""
    world.sleep(START - 600)
    window = world.enable(mode="normal", reason="Weekly optimization", by="optimization", duration=HOUR)
    world.automated = window.window_id
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    assert world.state.reason == "Weekly optimization"
    assert world.alerted == ["planned window waits"]
    world.disable(by="optimization")
    world.automated = ""
    world.go(until=START + 2 * HOUR)
    assert world.opened[1:] == [(START + 600, pytest.approx(START + HOUR, abs=31))]


def test_what_a_person_ends_is_not_opened_again(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", duration=2 * HOUR)
    world.go(until=START + 600)
    world.disable(by="alice")
    world.go(until=START + 3 * HOUR)
    assert world.opened == [(START, START + 600)]
    row = world.row(plan, START)
    assert (row.stage, row.note) == (Stage.OVER, "ended by alice")


def test_what_a_person_has_changed_stays(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", duration=2 * HOUR, scope={"queues": ["images"]})
    world.plan("two", at="2026-12-01 02:00", duration=HOUR, scope={"queues": ["mail"]})
    world.go(until=START + 60)
    world.change(by="alice", reason="look here", scope={"queues": ["everything else"]})
    world.go(until=START + HOUR + 60)
    assert world.state.reason == "look here"
    assert world.state.terms.scope.queues == ("everything else",)


def test_a_planned_end_that_a_person_has_moved_counts(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    world.change(by="alice", duration=3 * HOUR)
    world.go(until=START + 4 * HOUR)
    assert world.spans[0].ended == pytest.approx(START + 3 * HOUR, abs=31)


def test_an_emergency_that_a_person_made_of_it_is_left_open(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    world.change(by="alice", mode="emergency")
    world.go(until=START + 5 * HOUR)
    assert world.opened == [(START, None)]
    assert world.state.mode is Mode.EMERGENCY
    assert world.alerted == ["planned window became an emergency"]
    assert world.row(plan, START).stage is Stage.OVER


def test_an_emergency_that_a_person_made_of_it_is_not_narrowed(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", scope={"queues": ["images"]})
    world.plan("two", at="2026-12-01 02:00", duration=2 * HOUR, scope={"queues": ["mail"]})
    world.go(until=START + 600)
    world.change(by="alice", mode="emergency")
    world.go(until=START + 5 * HOUR)
    assert world.state.terms.scope.queues == ("images", "mail")
    assert world.is_open


def test_an_emergency_that_its_plan_agreed_on_ends_with_it(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", drain_within=60, at_deadline="escalate")
    world.go(until=START + 60)
    world.change(by="guard", mode="emergency")
    world.go(until=START + 2 * HOUR)
    assert world.spans[0].ended is not None


def test_no_plan_widens_an_emergency(world: World) -> None:
    world.sleep(START - 600)
    world.enable(mode="emergency", reason="fire", by="alice", duration=HOUR, scope={"queues": ["images"]})
    plan = world.plan("move", at="2026-12-01 02:00", duration=2 * HOUR)
    world.go(until=START + 600)
    assert world.state.terms.scope.queues == ("images",)
    assert world.alerted == ["planned window waits"]
    world.disable(by="alice")
    world.go(until=START + 3 * HOUR)
    assert world.opened[1:] == [(START + 600, pytest.approx(START + 2 * HOUR, abs=31))]
    assert world.row(plan, START).stage is Stage.OVER


def test_a_planned_rehearsal_gives_way_to_a_real_window(world: World) -> None:
    rehearsal = world.plan("rehearsal", at="2026-12-01 01:30", mode="test", duration=2 * HOUR)
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 60)
    assert [span.states[0].mode for span in world.spans] == [Mode.TEST, Mode.NORMAL]
    assert world.spans[0].ended == START
    assert world.row(rehearsal, START - 1800).note == "gave way to a real window"


def test_a_rehearsal_waits_for_a_real_window(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.plan("rehearsal", at="2026-12-01 02:30", mode="test", duration=2 * HOUR)
    world.go(until=START + 4 * HOUR)
    assert [span.states[0].mode for span in world.spans] == [Mode.NORMAL, Mode.TEST]
    assert world.alerted == ["planned window waits", "planned window late"]


def test_a_rehearsal_that_a_person_opened_is_not_ended(world: World) -> None:
    world.sleep(START - 600)
    world.enable(mode="test", reason="trying", by="alice", duration=HOUR)
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    assert world.state.mode is Mode.TEST
    world.disable(by="alice")
    world.go(until=START + 900)
    assert world.state.mode is Mode.NORMAL
