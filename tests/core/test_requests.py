"""Requests of users: mode by operation by role, by hand; and what holds for every view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.decision import Decision, Outcome
from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, Operation
from guard.core.requests import NEVER_GUARDED, OPEN, User, admin_passes, decide_request
from guard.core.scope import Scope
from guard.core.view import GateView
from tests.core.strategies import many

NEVER = {"admin_operations", "authentication"}
JOBS = {"caption_generation", "job_creation", "batch_operations", "image_processing"}
NORMAL = {"platform_operations", "user_data_modification", "unknown", *JOBS}
ALL = {operation.value for operation in Operation}
REFUSED = {
    # gate: (refused for users, refused for admins)
    "OPEN": (set(), set()),
    "TEST": (set(), set()),
    "NORMAL": (NORMAL, JOBS),
    "EMERGENCY": (NORMAL | {"read_operations"}, NORMAL),
    "UNKNOWN": (NORMAL | {"read_operations"}, NORMAL),
}


def refused(gate: Gate, *, admin: bool, **view: object) -> set[str]:
    return {
        name
        for name, kind in CATALOGUE.items()
        if not decide_request(
            kind,
            GateView(gate=gate, **view),  # type: ignore[arg-type]
            admin=admin,
            bypass=False,
            now=0,
        ).allowed
    }


@pytest.mark.parametrize("gate", list(Gate), ids=lambda gate: gate.name)
def test_who_is_refused_what(gate: Gate) -> None:
    assert (refused(gate, admin=False), refused(gate, admin=True)) == REFUSED[gate.name]


def test_the_table_above_is_about_every_operation() -> None:
    assert NEVER | NORMAL | {"read_operations"} == ALL == set(CATALOGUE)


@pytest.mark.parametrize("admin", [True, False])
def test_a_bypass_lets_through_what_being_an_admin_does_not(admin: bool) -> None:
    for name in JOBS:
        decision = decide_request(
            CATALOGUE[name], GateView(gate=Gate.NORMAL), admin=admin, bypass=True, now=0
        )
        assert (decision.allowed, decision.why) == (True, "bypass")
    held_back = GateView(gate=Gate.NORMAL, bypass=False)
    kind = CATALOGUE["job_creation"]
    assert not decide_request(kind, held_back, admin=admin, bypass=True, now=0).allowed


@pytest.mark.parametrize(
    "scope", [Scope(queues=("a",)), Scope(tenant_key="header:t", tenants=("x",)), Scope(crossing=5.0)]
)
def test_a_window_about_some_jobs_refuses_no_request(scope: Scope) -> None:
    assert refused(Gate.NORMAL, admin=False, scope=scope) == set()
    assert refused(Gate.UNKNOWN, admin=False, scope=scope) == REFUSED["UNKNOWN"][0]


def test_a_window_about_one_operation_refuses_only_that() -> None:
    scope = Scope(operations=("image_processing",))
    assert refused(Gate.EMERGENCY, admin=False, scope=scope) == {"image_processing"}


@pytest.mark.parametrize(("admin", "would"), [(False, NORMAL), (True, JOBS)])
def test_a_rehearsal_says_what_a_window_would_refuse(admin: bool, would: set[str]) -> None:
    view = GateView(gate=Gate.TEST)
    assert would == {
        name
        for name, kind in CATALOGUE.items()
        if decide_request(kind, view, admin=admin, bypass=False, now=0).would_block
    }


@given(st.sampled_from(list(Gate)), st.sampled_from(sorted(CATALOGUE)), st.floats(0, 4e9))
@many
def test_an_admin_is_never_refused_more_than_others(gate: Gate, name: str, end: float) -> None:
    view = GateView(gate=gate, planned_end=end)
    user, admin = (
        decide_request(CATALOGUE[name], view, admin=role, bypass=False, now=2e9) for role in (False, True)
    )
    assert admin.allowed or not user.allowed
    assert all(30 <= one.retry_after <= 3600 for one in (user, admin) if not one.allowed)


def test_a_user_says_nothing_that_was_not_said() -> None:
    assert User() == User(name="", role=None, generation=None, created_at=None)


def test_what_is_never_asked_about() -> None:
    assert Decision(outcome=Outcome.ALLOW, blocked=False, why="open") == OPEN
    assert Decision(outcome=Outcome.ALLOW, blocked=False, why="never guarded") == NEVER_GUARDED


def test_why_an_admin_passes() -> None:
    kind = CATALOGUE["platform_operations"]
    passes = decide_request(kind, GateView(gate=Gate.NORMAL), admin=True, bypass=False, now=0)
    assert passes == Decision(outcome=Outcome.ALLOW, blocked=False, why="admin")
    rehearsal = GateView(gate=Gate.TEST)
    others = decide_request(kind, rehearsal, admin=False, bypass=False, now=0)
    assert decide_request(kind, rehearsal, admin=True, bypass=False, now=0) == Decision(
        outcome=Outcome.ALLOW, blocked=False, why=others.why
    )


@pytest.mark.parametrize("gate", list(Gate), ids=lambda gate: gate.name)
def test_an_admin_makes_no_jobs_in_a_window_and_reads_in_an_emergency(gate: Gate) -> None:
    passing = {name for name, kind in CATALOGUE.items() if admin_passes(kind, gate)}
    assert passing == (ALL - JOBS if gate is Gate.NORMAL else NEVER | {"read_operations"})
