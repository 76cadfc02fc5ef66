"""Sessions end with a number that only grows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.generation import Generation, SessionPolicy
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from guard.errors import InvalidRequest, StateInvalid
from tests.core.strategies import generations, json_values, many, moments

FIRST = GuardState.first("s", 10.0)


def opened(mode: str = "normal", sessions: str | None = "invalidate") -> GuardState:
    request = WindowRequest.check(mode=mode, reason="r", duration=60, by="b", sessions=sessions)
    return changes.close(FIRST, request, window_id="w", now=20.0)


@given(generations, moments)
@many
def test_the_next_is_greater_and_its_time_never_goes_back(generation: Generation, now: float) -> None:
    after = generation.next(now)
    assert after.number == generation.number + 1
    assert after.valid_after is not None
    assert after.valid_after >= max(now, generation.valid_after or 0)


@given(generations)
@many
def test_written_and_read_it_is_the_same(generation: Generation) -> None:
    assert Generation.from_dict(generation.to_dict()) == generation


@given(json_values | st.fixed_dictionaries({"number": json_values, "valid_after": json_values}))
@many
def test_any_json_is_a_generation_or_refused(raw: object) -> None:
    with suppress(StateInvalid):
        assert isinstance(Generation.from_dict(raw), Generation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "sessions", "number"),
    [
        ("normal", "invalidate", 1),
        ("emergency", "invalidate", 1),
        ("normal", "keep", 0),
        ("normal", None, 0),
        ("test", "invalidate", 0),
    ],
)
def test_a_window_ends_sessions_if_that_was_agreed_on(mode: str, sessions: str | None, number: int) -> None:
    assert opened(mode, sessions).generation.number == number


def test_it_outlives_the_window() -> None:
    state = changes.release(opened(), by="b", now=30.0)
    state = changes.finish_release(state, now=31.0)
    assert (state.phase, state.generation) == (Phase.INACTIVE, Generation(number=1, valid_after=20.0))


def test_said_anew_it_counts_anew() -> None:
    emergency = changes.change(opened(), by="b", now=40.0, mode="emergency", sessions="invalidate")
    assert (emergency.mode, emergency.generation.number) == (Mode.EMERGENCY, 2)
    kept = changes.change(opened(), by="b", now=40.0, sessions="keep")
    assert kept.generation.number == 1
    again = changes.change(opened(), by="b", now=40.0, sessions="invalidate")
    assert (again.generation.number, again.phase) == (2, Phase.CLOSING)


@pytest.mark.parametrize("phase", list(Phase))
def test_by_hand_at_any_time_and_nothing_else_changes(phase: Phase) -> None:
    mode = None if phase is Phase.INACTIVE else Mode.NORMAL
    state = replace(FIRST, phase=phase, mode=mode)
    after = changes.invalidate_sessions(state, by="alice", now=50.0)
    assert after == replace(
        state, epoch=1, by="alice", changed_at=50.0, generation=Generation(number=1, valid_after=50.0)
    )


def test_who_must_be_said() -> None:
    with pytest.raises(InvalidRequest):
        changes.invalidate_sessions(FIRST, by=" ", now=1.0)


def test_another_scope_closes_anew() -> None:
    drained = replace(opened(), phase=Phase.ACTIVE)
    narrowed = changes.change(drained, by="b", now=40.0, scope={"queues": ["q"]})
    assert (narrowed.phase, narrowed.terms.scope.queues) == (Phase.CLOSING, ("q",))
    same = changes.change(narrowed, by="b", now=41.0, scope={"queues": ["q"]}, reason="other")
    assert same.phase is Phase.CLOSING
    assert changes.change(drained, by="b", now=40.0, scope={}, reason="other").phase is Phase.ACTIVE
    with pytest.raises(InvalidRequest, match="tenant_key"):
        changes.change(drained, by="b", now=40.0, scope={"tenants": ["a"]})


def test_before_sessions_were_ever_invalidated_any_is_accepted() -> None:
    assert Generation().to_dict() == {"number": 0, "valid_after": None}
    assert Generation().next(7.0) == Generation(number=1, valid_after=7.0)
    assert Generation().next(-1.0).valid_after == 0.0


def test_the_policies_as_records_hold_them() -> None:
    assert [policy.value for policy in SessionPolicy] == ["invalidate", "keep"]


@pytest.mark.parametrize(
    "raw",
    [
        {"number": 0, "valid_after": 0},
        {"number": 2**31 - 1, "valid_after": 253_402_300_799.5},
        {"number": 1, "valid_after": None},
    ],
)
def test_the_ends_of_the_range_are_in_it(raw: dict[str, float | None]) -> None:
    assert Generation.from_dict(raw).to_dict() == raw


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ([], "missing or unknown fields"),
        ({"number": 1}, "missing or unknown fields"),
        ({"number": 1, "valid_after": None, "more": 1}, "missing or unknown fields"),
        ({"number": -1, "valid_after": None}, "number out of range"),
        ({"number": 2**31, "valid_after": None}, "number out of range"),
        ({"number": True, "valid_after": None}, "number out of range"),
        ({"number": 1.0, "valid_after": None}, "number out of range"),
        ({"number": 1, "valid_after": -0.5}, "time out of range"),
        ({"number": 1, "valid_after": 253_402_300_800}, "time out of range"),
        ({"number": 1, "valid_after": float("nan")}, "time out of range"),
        ({"number": 1, "valid_after": True}, "time out of range"),
        ({"number": 1, "valid_after": "1"}, "time out of range"),
    ],
)
def test_what_is_no_generation_is_named(raw: dict[str, object], named: str) -> None:
    with pytest.raises(StateInvalid, match=f"^the guard record's generation has .*{named}$"):
        Generation.from_dict(raw)
