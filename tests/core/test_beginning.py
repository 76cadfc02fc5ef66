"""How planned windows begin, by a clock in the hand: late, missed, announced, looked ahead to."""

from __future__ import annotations

import pytest

from guard.core.generation import SessionPolicy
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Stage
from guard.core.scope import EVERYTHING, Scope
from guard.core.terms import AtDeadline
from tests.support.planned import World, at

START = at("2026-12-01 02:00")
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(start=at("2026-11-30 22:00"))


def test_a_window_opens_ends_and_is_over(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", duration=HOUR, grace=10, sessions="invalidate")
    world.go(until=START + 2 * HOUR)
    (span,) = world.spans
    assert START <= span.began < START + 30
    assert span.ended is not None
    assert START + HOUR <= span.ended < START + HOUR + 30
    assert (span.by, span.ended_by) == ("schedule: move", "schedule: move")
    state = span.states[0]
    assert (state.mode, state.reason, state.terms.grace) == (Mode.NORMAL, "the move one", 10)
    assert state.terms.sessions is SessionPolicy.INVALIDATE
    assert state.planned_end is not None
    assert START + HOUR - 1 <= state.planned_end <= START + HOUR
    row = world.row(plan, START)
    assert (row.stage, row.window_id) == (Stage.OVER, span.window_id)
    assert world.alerts == []


def test_a_step_may_be_repeated(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.sleep(START)
    assert world.tick().done == ("schedule: move: begin", "schedule: move: opens")
    before = world.state
    assert world.tick().done == ()
    assert world.state == before


def test_beat_was_down_for_less_than_the_window(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START - 600)
    world.sleep(START + 1800)
    world.go(until=START + 2 * HOUR)
    (span,) = world.spans
    assert span.began == START + 1800
    assert span.ended is not None
    assert START + HOUR <= span.ended < START + HOUR + 30, "it ends when it was to end"
    assert world.alerted == ["planned window late"]


def test_beat_was_down_for_longer_than_the_window(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00")
    world.sleep(START + HOUR)
    world.go(until=START + 5 * HOUR)
    assert world.spans == []
    assert world.alerted == ["planned window missed"]
    assert world.row(plan, START).stage is Stage.MISSED


def test_many_missed_windows_are_one_alert_and_the_next_one_opens(world: World) -> None:
    world.plan("daily", at="2026-12-01 02:00", every="FREQ=DAILY", notices=(HOUR,))
    world.go(until=START - 2 * HOUR)
    world.sleep(at("2026-12-08 12:00"))
    world.go(until=at("2026-12-09 12:00"))
    assert world.alerted == ["planned window missed"]
    assert "and 7 before it" in world.alerts[0][1].message
    assert [began for began, _ in world.opened] == [at("2026-12-09 02:00")]
    assert len(world.notices) == 1


def test_a_window_that_was_open_when_beat_went_down_ends_when_it_comes_back(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 60)
    world.sleep(START + 9 * HOUR)
    world.tick()
    assert world.spans[0].ended == START + 9 * HOUR
    assert len(world.spans) == 1


def test_each_notice_is_given_once(world: World) -> None:
    world.plan("move", at="2026-12-05 02:00", notices=(72 * HOUR, 24 * HOUR, HOUR))
    start = at("2026-12-05 02:00")
    world.go(until=start + 60)
    assert [(round((start - when) / HOUR), notice.before) for when, notice in world.notices] == [
        (72, 259_200),
        (24, 86_400),
        (1, 3600),
    ]
    assert "2026-12-05 02:00 UTC, in 3 days" in world.notices[0][1].message


def test_of_missed_notices_only_the_nearest_is_given(world: World) -> None:
    world.plan("move", at="2026-12-05 02:00", notices=(72 * HOUR, 24 * HOUR, HOUR))
    start = at("2026-12-05 02:00")
    world.sleep(start - 20 * HOUR)
    world.go(until=start - 10 * HOUR)
    assert [notice.before for _, notice in world.notices] == [86_400]
    assert "in 20 hours" in world.notices[0][1].message


def test_a_cancelled_plan_says_so_if_it_was_announced(world: World) -> None:
    announced = world.plan("announced", at="2026-12-01 02:00", notices=(24 * HOUR,))
    quiet = world.plan("quiet", at="2026-12-10 02:00", notices=(HOUR,))
    world.go(until=START - 2 * HOUR)
    for one in (announced, quiet):
        world.replace(one, cancelled_at=world.now)
    world.go(until=START + 2 * HOUR)
    assert [(notice.kind, notice.name) for _, notice in world.notices] == [
        ("coming", "announced"),
        ("cancelled", "announced"),
    ]
    assert world.spans == []
    assert world.row(announced, START).stage is Stage.CANCELLED


def test_a_plan_that_is_moved_and_moved_back_takes_place(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", notices=(24 * HOUR,))
    world.tick()
    moved = world.replace(plan, plan=world.checked("move", at="2026-12-01 06:00", notices=(24 * HOUR,)))
    world.tick()
    world.replace(moved, plan=world.checked("move", at="2026-12-01 02:00", notices=(24 * HOUR,)))
    world.go(until=START + 60)
    assert [notice.kind for _, notice in world.notices] == [
        "coming", "cancelled", "coming", "cancelled", "coming"
    ]  # fmt: skip
    assert world.opened == [(START, None)]


def test_jobs_that_would_cross_the_start_wait_from_the_look_ahead_on(world: World) -> None:
    world.plan(
        "move", at="2026-12-01 02:00", look_ahead=1800, drain_within=300, at_deadline="abort",
        sessions="invalidate", scope={"queues": ["images"]},
    )  # fmt: skip
    world.go(until=START - 600)
    state = world.state
    assert world.spans[0].began == START - 1800
    assert state.terms.scope == Scope(queues=("images",), crossing=START)
    assert (
        "planned maintenance at 2026-12-01 02:00 UTC: jobs that would not end before it wait" in state.reason
    )
    assert (state.terms.sessions, state.drain_deadline) == (SessionPolicy.KEEP, None)
    generation = state.generation
    world.go(until=START + 60)
    state = world.state
    assert len(world.spans) == 1
    assert state.terms.scope == Scope(queues=("images",))
    assert state.reason == "the move one"
    assert world.spans[0].states[-1].phase is Phase.CLOSING, "it closes anew"
    assert state.generation.number == generation.number + 1
    assert state.drain_deadline == pytest.approx(START + 300, abs=5)
    assert state.terms.at_deadline is AtDeadline.ABORT
    world.go(until=START + 2 * HOUR)
    assert world.spans[0].ended == pytest.approx(START + HOUR, abs=31)


def test_a_look_ahead_that_a_person_ends_does_not_keep_the_window_from_beginning(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 600)
    world.disable(by="alice")
    world.go(until=START - 60)
    assert not world.is_open
    world.go(until=START + 60)
    assert world.is_open
    assert world.state.reason == "the move one"


@pytest.mark.parametrize("when", [START - 30, START])
def test_a_look_ahead_that_is_ended_right_before_the_start(world: World, when: float) -> None:
    world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 60)
    world.sleep(when)
    world.disable(by="alice")
    world.sleep(START)
    world.go(until=START + 60)
    assert world.is_open


def test_a_look_ahead_ends_with_its_plan(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 600)
    world.replace(plan, cancelled_at=world.now)
    world.go(until=START + 60)
    assert world.opened == [(START - 1800, START - 600)]


def test_a_look_ahead_gives_way_and_comes_back(world: World) -> None:
    world.plan("late", at="2026-12-01 02:00", look_ahead=3600)
    world.plan("early", at="2026-12-01 01:15", duration=900, scope={"queues": ["images"]})
    world.go(until=START - 40 * 60)
    assert world.state.terms.scope == Scope(queues=("images",))
    world.go(until=START - 20 * 60)
    assert world.state.terms.scope.crossing == START
    world.go(until=START + 60)
    assert world.state.terms.scope == EVERYTHING
    assert len(world.spans) == 1


def test_a_missed_window_ends_its_look_ahead(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 600)
    world.sleep(START + 2 * HOUR)
    world.tick()
    assert not world.is_open
    assert world.alerted == ["planned window missed"]
