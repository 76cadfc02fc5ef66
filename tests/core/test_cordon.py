"""Which queues are cordoned: rows as sentences and an oracle."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.cordon import queues_to_cordon
from guard.core.modes import Gate
from guard.core.operations import CATALOGUE
from guard.core.scope import Scope
from tests.core.strategies import many

ROWS = [
    ("all its work is blocked", "q: caption_generation image_processing", "NORMAL", "", "", "q"),
    ("some of its work goes on", "q: caption_generation admin_operations", "NORMAL", "", "", ""),
    ("reading goes on in a normal window", "q: read_operations job_creation", "NORMAL", "", "", ""),
    ("reading stops in an emergency", "q: read_operations job_creation", "EMERGENCY", "", "", "q"),
    ("nothing known is routed to it", "q:", "EMERGENCY", "", "", ""),
    ("nothing known, but the operator says hold", "q:", "NORMAL", "q", "", "q"),
    ("the operator says never", "q: job_creation", "NORMAL", "", "q", ""),
    ("never outranks always", "q: job_creation", "NORMAL", "q", "q", ""),
    ("always means while closed", "q: job_creation", "OPEN", "q", "", ""),
    ("test mode cordons nothing", "q: job_creation", "TEST", "q", "", ""),
    (
        "an unknown state cordons what is guarded",
        "q: job_creation; r: read_operations",
        "UNKNOWN",
        "",
        "",
        "q r",
    ),
    ("an unknown state leaves mixed queues", "q: job_creation authentication", "UNKNOWN", "", "", ""),
    ("a queue that is not consumed is not cordoned", "q: job_creation", "NORMAL", "other", "", "q"),
]
gates = st.sampled_from(Gate)
queues = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=4), max_size=4
)
some_names = st.sets(st.sampled_from("abcd"))


def carried(queues: dict[str, list[str]]) -> dict[str, list[object]]:
    return {name: [CATALOGUE[operation] for operation in operations] for name, operations in queues.items()}


@pytest.mark.parametrize(
    ("routes", "gate", "always", "never", "cordoned"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_cordon(routes: str, gate: str, always: str, never: str, cordoned: str) -> None:
    carries = {
        name.strip(): [CATALOGUE[operation] for operation in operations.split()]
        for name, operations in (route.split(":") for route in routes.split(";"))
    }
    found = queues_to_cordon(carries, Gate[gate], always=always.split(), never=never.split())
    assert found == frozenset(cordoned.split())


@given(queues, gates, some_names, some_names)
@many
def test_oracle(carries: dict[str, list[str]], gate: Gate, always: set[str], never: set[str]) -> None:
    def expected(name: str) -> bool:
        if name in never or gate in {Gate.OPEN, Gate.TEST}:
            return False
        if name in always:
            return True
        names = carries[name]
        reading = {"read_operations"} if gate is Gate.NORMAL else set()
        free = {"admin_operations", "authentication"} | reading
        return bool(names) and not free & set(names)

    found = queues_to_cordon(carried(carries), gate, always=always, never=never)  # type: ignore[arg-type]
    assert found == {name for name in carries if expected(name)}


@given(queues)
@many
def test_a_stricter_gate_cordons_at_least_as_much(carries: dict[str, list[str]]) -> None:
    found = [
        queues_to_cordon(carried(carries), gate)  # type: ignore[arg-type]
        for gate in (Gate.OPEN, Gate.NORMAL, Gate.EMERGENCY, Gate.UNKNOWN)
    ]
    assert all(one <= other for one, other in pairwise(found))


_ROUTES = {
    "jobs": ["job_creation"],
    "captions": ["caption_generation"],
    "all": ["job_creation", "caption_generation"],
}


@pytest.mark.parametrize(
    ("scope", "always", "cordoned"),
    [
        pytest.param(Scope(), [], {"jobs", "captions", "all"}, id="about everything"),
        pytest.param(Scope(operations=("job_creation",)), [], {"jobs"}, id="not where other work goes on"),
        pytest.param(
            Scope(operations=("job_creation", "caption_generation")),
            [],
            {"jobs", "captions", "all"},
            id="all of it",
        ),
        pytest.param(Scope(queues=("captions", "elsewhere")), [], {"captions"}, id="only its queues"),
        pytest.param(
            Scope(queues=("captions",)), ["jobs"], {"captions"}, id="always, if it is about the queue"
        ),
        pytest.param(
            Scope(operations=("caption_generation",)),
            ["jobs"],
            {"captions"},
            id="always does not widen operations",
        ),
        pytest.param(
            Scope(tenant_key="header:shop", tenants=("acme",)), ["jobs"], set(), id="others of a tenant go on"
        ),
        pytest.param(Scope(crossing=9.0), ["jobs"], set(), id="short jobs go on"),
    ],
)
def test_a_window_with_a_scope(scope: Scope, always: list[str], cordoned: set[str]) -> None:
    found = queues_to_cordon(carried(_ROUTES), Gate.NORMAL, scope=scope, always=always)  # type: ignore[arg-type]
    assert found == frozenset(cordoned)
