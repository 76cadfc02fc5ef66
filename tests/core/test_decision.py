"""The one question: a table by hand, and the properties that every answer has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.decision import (
    LONGEST_RETRY,
    SHORTEST_RETRY,
    Decision,
    Outcome,
    Place,
    Question,
    decide,
    retry_after,
)
from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, Operation, OperationKind
from guard.core.view import GateView
from tests.core.strategies import many

ROWS = [
    # a sentence, operation, gate, place, flags, outcome, why
    ("new work is published while open", "job_creation", "OPEN", "publish", "", "allow", "open"),
    ("new work is refused", "job_creation", "NORMAL", "publish", "", "refuse", "maintenance"),
    ("new work that may wait is held", "job_creation", "NORMAL", "publish", "hold", "hold", "hold asked"),
    (
        "a next step is let into its queue",
        "job_creation",
        "NORMAL",
        "publish",
        "continuation",
        "allow",
        "continuation",
    ),
    (
        "a next step that may wait too",
        "job_creation",
        "EMERGENCY",
        "publish",
        "continuation hold",
        "allow",
        "continuation",
    ),
    (
        "a next step does not start",
        "job_creation",
        "NORMAL",
        "start",
        "continuation",
        "set aside",
        "maintenance",
    ),
    ("a held job does not start", "job_creation", "NORMAL", "start", "hold", "set aside", "maintenance"),
    ("a received job is set aside", "job_creation", "EMERGENCY", "receipt", "", "set aside", "maintenance"),
    ("an unknown state refuses", "job_creation", "UNKNOWN", "publish", "", "refuse", "state unknown"),
    ("an unknown state starts nothing", "job_creation", "UNKNOWN", "start", "", "set aside", "state unknown"),
    (
        "an unknown state blocks reading too",
        "read_operations",
        "UNKNOWN",
        "publish",
        "",
        "refuse",
        "state unknown",
    ),
    ("reading goes on in a normal window", "read_operations", "NORMAL", "publish", "", "allow", "open"),
    ("reading stops in an emergency", "read_operations", "EMERGENCY", "publish", "", "refuse", "maintenance"),
    (
        "administration is never blocked",
        "admin_operations",
        "EMERGENCY",
        "start",
        "",
        "allow",
        "never guarded",
    ),
    (
        "administration works when nothing is known",
        "admin_operations",
        "UNKNOWN",
        "publish",
        "",
        "allow",
        "never guarded",
    ),
    ("test mode lets through", "batch_operations", "TEST", "start", "", "allow", "test mode"),
    ("a shown bypass passes", "image_processing", "EMERGENCY", "start", "bypass", "allow", "bypass"),
    (
        "a bypass counts where it is honoured only",
        "image_processing",
        "NORMAL",
        "start",
        "bypass early",
        "set aside",
        "maintenance",
    ),
    ("what nobody classified is blocked", "unknown", "NORMAL", "publish", "", "refuse", "maintenance"),
]

kinds = st.sampled_from(list(CATALOGUE.values()))
questions = st.builds(
    Question,
    operation=kinds,
    place=st.sampled_from(Place),
    continuation=st.booleans(),
    hold=st.booleans(),
    bypass=st.booleans(),
)


@pytest.mark.parametrize(
    ("operation", "gate", "place", "flags", "outcome", "why"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_answer(operation: str, gate: str, place: str, flags: str, outcome: str, why: str) -> None:
    said = set(flags.split())
    question = Question(
        operation=CATALOGUE[operation], place=Place(place), **dict.fromkeys(said - {"early"}, True)
    )
    decision = decide(question, GateView(gate=Gate[gate], bypass="early" not in said), now=0.0)
    assert (decision.outcome.value, decision.why) == (outcome, why)


@given(questions, st.sampled_from(Gate), st.none() | st.floats(0, 4e9), st.floats(0, 4e9))
@many
def test_every_answer_is_consistent(question: Question, gate: Gate, end: float | None, now: float) -> None:
    decision = decide(question, GateView(gate=gate, planned_end=end), now)
    assert decision.allowed == (decision.outcome is Outcome.ALLOW)
    assert decision.blocked or decision.allowed, "what is not blocked is allowed"
    assert (decision.outcome is Outcome.REFUSE) == bool(decision.message) == bool(decision.retry_after)
    if question.place is not Place.PUBLISH:
        assert decision.outcome in {Outcome.ALLOW, Outcome.SET_ASIDE}, "only a publisher can be refused"
        assert decision.blocked == (not decision.allowed)


@given(questions)
@many
def test_a_stricter_gate_never_allows_more(question: Question) -> None:
    allowed = [
        decide(question, GateView(gate=gate), 0.0).blocked
        for gate in (Gate.OPEN, Gate.NORMAL, Gate.EMERGENCY, Gate.UNKNOWN)
    ]
    assert allowed == sorted(allowed)


@given(kinds, st.sampled_from(Place))
@many
def test_test_mode_says_what_a_normal_window_would_have_said(kind: OperationKind, place: Place) -> None:
    question = Question(operation=kind, place=place)
    assert (
        decide(question, GateView(gate=Gate.TEST), 0.0).would_block
        == decide(question, GateView(gate=Gate.NORMAL), 0.0).blocked
    )


@pytest.mark.parametrize(
    ("question", "would"),
    [
        ({}, Outcome.REFUSE),
        ({"hold": True}, Outcome.HOLD),
        ({"continuation": True}, Outcome.HOLD),
        ({"bypass": True}, None),
        ({"place": Place.RECEIPT}, Outcome.SET_ASIDE),
    ],
)
def test_a_rehearsal_says_what_would_have_been_done(question: dict[str, Any], would: Outcome | None) -> None:
    asked = Question(**{"operation": CATALOGUE[Operation.JOB_CREATION], "place": Place.PUBLISH, **question})
    decision = decide(asked, GateView(gate=Gate.TEST), 0.0)
    assert (decision.outcome, decision.blocked, decision.would) == (Outcome.ALLOW, False, would)


@pytest.mark.parametrize(
    ("planned_end", "now", "seconds"),
    [
        pytest.param(None, 1000.0, 60, id="nobody planned it"),
        pytest.param(1300.0, 1000.0, 300, id="to the planned end"),
        pytest.param(1001.0, 1000.0, SHORTEST_RETRY, id="almost over"),
        pytest.param(500.0, 1000.0, SHORTEST_RETRY, id="overdue"),
        pytest.param(1e12, 1000.0, LONGEST_RETRY, id="far away"),
    ],
)
def test_retry_after(planned_end: float | None, now: float, seconds: int) -> None:
    assert retry_after(planned_end, now) == seconds


@given(st.floats(allow_nan=False), st.floats(0, 4e9))
@many
def test_retry_after_stays_in_its_range(planned_end: float, now: float) -> None:
    assert SHORTEST_RETRY <= retry_after(planned_end, now) <= LONGEST_RETRY


JOB = CATALOGUE[Operation.JOB_CREATION]
ADMIN = CATALOGUE[Operation.ADMIN_OPERATIONS]


@pytest.mark.parametrize(
    ("asked", "view", "why"),
    [
        pytest.param({"operation": ADMIN}, {"gate": Gate.EMERGENCY}, "never guarded"),
        pytest.param({"in_scope": False}, {"gate": Gate.NORMAL}, "outside the scope"),
        pytest.param({"in_scope": False}, {"gate": Gate.TEST}, "outside the scope"),
        pytest.param({}, {"gate": Gate.OPEN}, "open"),
        pytest.param({"bypass": True}, {"gate": Gate.NORMAL, "bypass": True}, "bypass"),
    ],
)
def test_what_a_window_is_not_about_is_allowed_and_nothing_more_is_said(
    asked: dict[str, Any], view: dict[str, Any], why: str
) -> None:
    question = Question(**{"operation": JOB, "place": Place.PUBLISH, **asked})
    decision = decide(question, GateView(**view), 0.0)
    assert decision == Decision(
        outcome=Outcome.ALLOW, blocked=False, why=why, would=None, message="", retry_after=0
    )
    assert decision.blocked is False


def test_an_unknown_state_has_no_scope() -> None:
    question = Question(operation=JOB, place=Place.START, in_scope=False)
    assert decide(question, GateView(gate=Gate.UNKNOWN), 0.0) == Decision(
        outcome=Outcome.SET_ASIDE, blocked=True, why="state unknown"
    )


def test_who_is_refused_is_told_why_and_until_when() -> None:
    question = Question(operation=JOB, place=Place.PUBLISH)
    assert decide(question, GateView(gate=Gate.NORMAL, planned_end=1300.0), 1000.0) == Decision(
        outcome=Outcome.REFUSE,
        blocked=True,
        why="maintenance",
        would=None,
        message=JOB.message,
        retry_after=300,
    )


@pytest.mark.parametrize(
    ("asked", "outcome", "why"),
    [
        ({"continuation": True}, Outcome.ALLOW, "continuation"),
        ({"hold": True}, Outcome.HOLD, "hold asked"),
        ({"place": Place.RECEIPT}, Outcome.SET_ASIDE, "maintenance"),
    ],
)
def test_what_waits_is_blocked_without_a_message(asked: dict[str, Any], outcome: Outcome, why: str) -> None:
    question = Question(**{"operation": JOB, "place": Place.PUBLISH, **asked})
    decision = decide(question, GateView(gate=Gate.NORMAL, planned_end=1300.0), 1000.0)
    assert decision == Decision(outcome=outcome, blocked=True, why=why)
    assert decision.blocked is True


def test_a_rehearsal_with_a_planned_end() -> None:
    question = Question(operation=JOB, place=Place.PUBLISH)
    decision = decide(question, GateView(gate=Gate.TEST, planned_end=1300.0), 1000.0)
    assert (decision.would, decision.would_block) == (Outcome.REFUSE, True)


def test_another_try_makes_sense_after_half_a_minute_to_an_hour() -> None:
    assert (SHORTEST_RETRY, LONGEST_RETRY) == (30, 3600)
    assert [place.value for place in Place] == ["publish", "receipt", "start"]
    assert [outcome.value for outcome in Outcome] == ["allow", "refuse", "hold", "set aside"]
