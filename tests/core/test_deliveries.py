"""The life of a delivery: when it is tried, held, given up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.deliveries import (
    FIRST_PAUSE,
    GIVE_UP_SECONDS,
    HOLD_SECONDS,
    LONGEST_PAUSE,
    LONGEST_WISH,
    Channel,
    Delivery,
    Failure,
    Stage,
    again,
    failed,
    held,
    is_due,
    pause,
    sent,
)
from tests.core.strategies import many

NOW = 1_700_000_000.0
NEW = Delivery.first(
    delivery_id="d", channel=Channel.MAIL, receiver="a@example.com", event="alert", payload={}, now=NOW
)
AWAY = Failure(problem="away", unreachable=True)


@given(st.integers(-1, 10_000), st.floats(0, 1), st.floats(0, 1))
@many
def test_pauses_grow_up_to_their_limit(attempts: int, one: float, other: float) -> None:
    assert FIRST_PAUSE / 2 <= pause(attempts, one) <= LONGEST_PAUSE
    assert pause(attempts, 1.0) <= pause(attempts + 1, 1.0)
    assert pause(attempts, 0.0) * 2 == pause(attempts, 1.0)
    if one < other:
        assert pause(attempts, one) <= pause(attempts, other)


def test_the_first_pauses() -> None:
    assert [pause(number, 1.0) for number in range(1, 9)] == [10, 20, 40, 80, 160, 320, 600, 600]


def test_held_it_is_due_to_nobody_until_the_hold_is_over() -> None:
    ours = held(NEW, by="me", now=NOW)
    assert (ours.attempts, ours.held_by) == (1, "me")
    assert is_due(NEW, NOW)
    assert not is_due(ours, NOW + HOLD_SECONDS - 1)
    assert is_due(ours, NOW + HOLD_SECONDS)


@pytest.mark.parametrize(
    ("failure", "after", "stage", "wait"),
    [
        (AWAY, 5.0, Stage.WAITING, FIRST_PAUSE),
        (Failure(problem="x", refused=True), 5.0, Stage.GIVEN_UP, None),
        (AWAY, GIVE_UP_SECONDS, Stage.GIVEN_UP, None),
        (Failure(problem="x", retry_after=99.0), 5.0, Stage.WAITING, 99.0),
        (Failure(problem="x", retry_after=1e9), 5.0, Stage.WAITING, LONGEST_WISH),
        (Failure(problem="x", retry_after=-5.0), 5.0, Stage.WAITING, FIRST_PAUSE),
    ],
)
def test_what_a_failure_leads_to(failure: Failure, after: float, stage: Stage, wait: float | None) -> None:
    ours = held(NEW, by="me", now=NOW)
    result = failed(ours, failure, now=NOW + after, dice=1.0)
    assert (result.stage, result.held_by, result.held_until) == (stage, "", None)
    assert result.problem == failure.problem
    if wait is not None:
        assert result.next_at == NOW + after + wait
        assert not is_due(result, result.next_at - 1)
        assert is_due(result, result.next_at)
    else:
        assert result.ended_at == NOW + after
        assert not is_due(result, NOW + 1e9)


def test_a_long_problem_is_cut() -> None:
    assert len(failed(NEW, Failure(problem="x" * 9999), now=NOW, dice=0).problem) == 300


def test_sent_is_over() -> None:
    done = sent(held(replace(NEW, problem="before"), by="me", now=NOW), now=NOW + 1)
    assert (done.stage, done.problem, done.ended_at) == (Stage.SENT, "", NOW + 1)
    assert not is_due(done, NOW + 1e9)


def test_given_up_and_tried_again_it_has_its_time_anew() -> None:
    over = failed(held(NEW, by="me", now=NOW), AWAY, now=NOW + GIVE_UP_SECONDS, dice=0)
    anew = again(over, now=NOW + GIVE_UP_SECONDS + 5)
    assert is_due(anew, NOW + GIVE_UP_SECONDS + 5)
    assert anew.attempts == over.attempts
    assert failed(anew, AWAY, now=NOW + GIVE_UP_SECONDS + 60, dice=0).stage is Stage.WAITING


def test_for_people_it_says_nothing_of_its_content() -> None:
    shown = replace(NEW, payload={"about": {"reason": "secret"}}).to_dict()
    assert "secret" not in repr(shown)
    assert shown["next_at"] == NOW
