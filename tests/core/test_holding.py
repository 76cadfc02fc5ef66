"""The union of what several want of one window."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.generation import SessionPolicy
from guard.core.holding import Holding, join_reasons, join_scopes, joined, stricter
from guard.core.modes import Mode, Phase
from guard.core.scope import EVERYTHING, Scope
from guard.core.state import GuardState
from guard.core.terms import AtDeadline, Terms
from tests.core.strategies import many, states

NAMES = st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(lambda names: tuple(sorted(names)))


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    tenants = draw(NAMES)
    key = draw(st.sampled_from(["header:x", "argument:y"])) if tenants else ""
    return Scope(operations=draw(NAMES), queues=draw(NAMES), tenant_key=key, tenants=tenants)


def covers(scope: Scope, job: tuple[str, str, str, str]) -> bool:
    """Whether a job of this operation, queue and tenant (by two keys) is in a scope: its own definition."""
    operation, queue, by_header, by_argument = job
    tenant = by_header if scope.tenant_key == "header:x" else by_argument
    return (
        (not scope.operations or operation in scope.operations)
        and (not scope.queues or queue in scope.queues)
        and (not scope.tenants or tenant in scope.tenants)
    )


jobs = st.tuples(*[st.sampled_from("abcd")] * 4)


@given(scopes(), scopes(), jobs)
@many
def test_the_union_covers_what_either_covers(
    one: Scope, other: Scope, job: tuple[str, str, str, str]
) -> None:
    if covers(one, job) or covers(other, job):
        assert covers(join_scopes(one, other), job)


@given(scopes(), scopes(), scopes())
@many
def test_the_order_does_not_matter(one: Scope, other: Scope, third: Scope) -> None:
    found = {join_scopes(join_scopes(a, b), c) for a, b, c in permutations((one, other, third))}
    assert len(found) == 1
    assert join_scopes(one, one) == one
    assert join_scopes(one, EVERYTHING) == EVERYTHING


@given(scopes(), scopes())
@many
def test_the_union_is_a_scope_that_may_be_asked_for(one: Scope, other: Scope) -> None:
    union = join_scopes(one, other)
    assert Scope.check(**union.to_dict()) == union


def test_what_narrows_in_the_same_way_is_joined_exactly() -> None:
    assert join_scopes(Scope(queues=("a",)), Scope(queues=("b",))) == Scope(queues=("a", "b"))
    assert join_scopes(Scope(queues=("a",)), Scope(operations=("b",))) == EVERYTHING


def test_more_names_than_a_scope_may_have_do_not_narrow() -> None:
    many_names = [tuple(f"{letter}{number:02}" for number in range(40)) for letter in "ab"]
    assert join_scopes(Scope(queues=many_names[0]), Scope(queues=many_names[1])) == EVERYTHING


ONE = Holding(mode=Mode.NORMAL, reason="one", ends_at=100.0, drain_by=50.0, at_deadline=AtDeadline.ABORT)
TWO = Holding(
    mode=Mode.EMERGENCY, reason="two", ends_at=200.0, sessions=SessionPolicy.INVALIDATE, verify=True
)


def test_the_union_of_two() -> None:
    union = joined((ONE, TWO))
    assert (union.mode, union.reason, union.ends_at) == (Mode.EMERGENCY, "one; two", 200.0)
    assert union.sessions is SessionPolicy.INVALIDATE
    assert (union.drain_by, union.at_deadline, union.verify) == (50.0, AtDeadline.ABORT, False)
    assert joined((ONE,)) == ONE
    assert joined((ONE, replace(TWO, ends_at=None))).ends_at is None, "nobody planned when that ends"


def test_the_union_of_two_that_keep_sessions_and_end() -> None:
    union = joined(
        (replace(ONE, scope=Scope(queues=("a",)), grace=5, verify=True), replace(TWO, sessions=ONE.sessions))
    )
    assert (union.sessions, union.grace, union.verify) == (SessionPolicy.KEEP, 5, True)
    assert union.scope == EVERYTHING
    assert joined((replace(ONE, ends_at=None), TWO)).ends_at is None
    assert joined((ONE, ONE, TWO)).reason == "one; two"
    assert joined((replace(TWO, ends_at=50.0), ONE)).ends_at == 100.0


def test_three_scopes_are_joined() -> None:
    held = [replace(ONE, scope=Scope(queues=(name,))) for name in "cab"]
    assert joined(held).scope == Scope(queues=("a", "b", "c"))
    assert joined(iter([ONE])) == ONE


def test_reasons_are_said_once_and_are_not_too_long() -> None:
    assert join_reasons("a; b", "a") == "a; b"
    assert join_reasons("a; b", "b") == "a; b"
    assert join_reasons("ab", "a") == "ab; a"
    assert len(join_reasons("a" * 400, "b" * 400)) == 500
    assert join_reasons("a" * 497, "b") == "a" * 497 + "; b"
    assert join_reasons("a" * 498, "b") == "a" * 498 + ";", "no space at the end"


def test_as_many_names_as_a_scope_may_have_narrow() -> None:
    names = tuple(f"{number:02}" for number in range(51))
    for part in ("operations", "queues"):
        union = join_scopes(Scope(**{part: names[:30]}), Scope(**{part: names[20:50]}))
        assert union == Scope(**{part: names[:50]})
        assert join_scopes(Scope(**{part: names[:30]}), Scope(**{part: names[20:]})) == EVERYTHING


@pytest.mark.parametrize(
    ("one", "other", "crossing"),
    [
        (5.0, 7.0, 5.0),
        (7.0, 5.0, 5.0),
        (None, 5.0, None),
        (5.0, None, None),
        (None, None, None),
        (0.0, 5.0, 0.0),
    ],
)
def test_a_look_ahead_is_joined_to_the_earlier_start(
    one: float | None, other: float | None, crossing: float | None
) -> None:
    assert join_scopes(Scope(crossing=one), Scope(crossing=other)) == Scope(crossing=crossing)


def test_tenants_are_joined_where_they_are_read_at_the_same_place() -> None:
    a = Scope(tenant_key="header:x", tenants=("a",))
    assert join_scopes(a, replace(a, tenants=("b",))) == replace(a, tenants=("a", "b"))
    assert join_scopes(a, replace(a, tenant_key="argument:x")) == EVERYTHING


def test_the_strictest_mode() -> None:
    assert stricter([Mode.TEST]) is Mode.TEST
    assert stricter([Mode.NORMAL, Mode.TEST]) is Mode.NORMAL
    assert stricter([Mode.NORMAL, Mode.EMERGENCY, Mode.TEST]) is Mode.EMERGENCY


@pytest.mark.parametrize("holding", [ONE, TWO])
def test_it_is_stored_and_read_back(holding: Holding) -> None:
    assert Holding.from_dict(json.loads(json.dumps(holding.to_dict()))) == holding


@given(states())
@many
def test_what_an_open_window_is_is_stored_and_read_back(state: object) -> None:
    holding = Holding.of(state)  # type: ignore[arg-type]
    assert Holding.from_dict(json.loads(json.dumps(holding.to_dict()))) == holding


def test_a_holder_wants_everything_kept_and_no_end_unless_it_says_so() -> None:
    holding = Holding(mode=Mode.NORMAL, reason="why")
    assert holding.to_dict() == {
        "mode": "normal",
        "reason": "why",
        "scope": EVERYTHING.to_dict(),
        "sessions": "keep",
        "ends_at": None,
        "drain_by": None,
        "at_deadline": "wait",
        "grace": None,
        "verify": False,
    }
    assert holding.scope is EVERYTHING


FULL = Holding(
    mode=Mode.TEST,
    reason="why",
    scope=Scope(queues=("a",)),
    sessions=SessionPolicy.INVALIDATE,
    ends_at=700.0,
    drain_by=160.0,
    at_deadline=AtDeadline.ABORT,
    grace=7,
    verify=True,
)


def test_what_is_stored() -> None:
    assert FULL.to_dict() == {
        "mode": "test",
        "reason": "why",
        "scope": Scope(queues=("a",)).to_dict(),
        "sessions": "invalidate",
        "ends_at": 700.0,
        "drain_by": 160.0,
        "at_deadline": "abort",
        "grace": 7,
        "verify": True,
    }
    assert Holding.from_dict(FULL.to_dict()) == FULL


def test_times_and_texts_are_read_by_type() -> None:
    read = Holding.from_dict({**FULL.to_dict(), "reason": 5, "ends_at": 700, "drain_by": "160", "verify": 0})
    assert (read.reason, read.verify) == ("5", False)
    assert [type(moment) for moment in (read.ends_at, read.drain_by)] == [float, float]


def test_what_an_open_window_is() -> None:
    terms = Terms(
        grace=7,
        drain_within=60,
        at_deadline=AtDeadline.ABORT,
        verify=True,
        sessions=SessionPolicy.INVALIDATE,
        scope=Scope(queues=("a",)),
    )
    state = replace(
        GuardState.first("store", 0.0),
        epoch=1,
        phase=Phase.ACTIVE,
        mode=Mode.TEST,
        window_id="w",
        reason="why",
        by="ops",
        started_at=100.0,
        duration=600,
        terms=terms,
    )
    assert Holding.of(state) == FULL
    plain = Holding.of(GuardState.first("store", 0.0))
    assert plain == Holding(mode=Mode.NORMAL, reason="")
