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


def test_one_that_nobody_has_tried() -> None:
    assert (NEW.delivery_id, NEW.channel, NEW.receiver, NEW.event) == (
        "d",
        Channel.MAIL,
        "a@example.com",
        "alert",
    )
    assert (NEW.made_at, NEW.next_at, NEW.give_up_at) == (NOW, NOW, NOW + 3 * 86_400)
    assert (NEW.stage, NEW.attempts, NEW.problem, NEW.seq) == (Stage.WAITING, 0, "", 0)
    assert (NEW.held_by, NEW.held_until, NEW.ended_at) == ("", None, None)
    assert NEW.payload == {}


def test_the_times_that_the_documents_name() -> None:
    assert (FIRST_PAUSE, LONGEST_PAUSE, LONGEST_WISH) == (10.0, 600.0, 3600.0)
    assert (GIVE_UP_SECONDS, HOLD_SECONDS) == (259_200.0, 120.0)


def test_the_words_that_tables_hold() -> None:
    assert [channel.value for channel in Channel] == ["mail", "webhook"]
    assert [stage.value for stage in Stage] == ["waiting", "sent", "given up"]


def test_each_act_changes_its_own_and_nothing_else() -> None:
    ours = held(NEW, by="me", now=NOW + 5)
    assert ours == replace(NEW, attempts=1, held_by="me", held_until=NOW + 125, next_at=NOW + 5)
    assert sent(ours, now=NOW + 6) == replace(
        NEW, attempts=1, next_at=NOW + 5, stage=Stage.SENT, ended_at=NOW + 6
    )
    away = failed(ours, AWAY, now=NOW + 6, dice=0.0)
    assert away == replace(NEW, attempts=1, next_at=NOW + 11, problem="away")
    refused = failed(ours, Failure(problem="no", refused=True), now=NOW + 6, dice=0.0)
    assert refused == replace(
        NEW, attempts=1, next_at=NOW + 5, stage=Stage.GIVEN_UP, ended_at=NOW + 6, problem="no"
    )
    anew = again(replace(refused, held_by="me", held_until=1.0), now=NOW + 9)
    assert anew == replace(NEW, attempts=1, next_at=NOW + 9, give_up_at=NOW + 9 + 259_200, problem="no")


def test_a_failure_claims_no_more_than_was_said() -> None:
    failure = Failure(problem="x")
    assert (failure.refused, failure.unreachable, failure.retry_after) == (False, False, None)


def test_as_shown_to_people() -> None:
    assert NEW.to_dict() == {
        "delivery_id": "d",
        "channel": "mail",
        "receiver": "a@example.com",
        "event": "alert",
        "stage": "waiting",
        "attempts": 0,
        "made_at": NOW,
        "next_at": NOW,
        "ended_at": None,
        "problem": None,
    }
    over = sent(replace(NEW, receiver="", channel=Channel.WEBHOOK), now=NOW + 1).to_dict()
    assert (over["receiver"], over["channel"], over["next_at"], over["ended_at"]) == (
        None,
        "webhook",
        None,
        NOW + 1,
    )
    assert failed(NEW, AWAY, now=NOW, dice=0).to_dict()["problem"] == "away"


def test_pauses_at_random() -> None:
    assert (pause(1, 0.0), pause(1, 0.5), pause(3, 0.5)) == (5.0, 7.5, 30.0)
    assert (pause(0, 1.0), pause(-3, 1.0)) == (10.0, 10.0)
    assert pause(10**6, 1.0) == 600.0
