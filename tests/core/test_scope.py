"""Which jobs a narrowed window is about."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.cordon import queues_to_cordon
from guard.core.decision import Place, Question, decide
from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, Operation
from guard.core.scope import EVERYTHING, LONGEST_SCOPE, Scope
from guard.core.view import GateView
from guard.errors import InvalidRequest, StateInvalid
from tests.core.strategies import json_values, many

NOW = 1_000.0
JOBS = CATALOGUE[Operation.JOB_CREATION]
CAPTIONS = CATALOGUE[Operation.CAPTION_GENERATION]


def covers(scope: Scope, **job: Any) -> bool:
    facts = {"operation": "job_creation", "queue": "jobs", "tenant": None, "seconds": None, **job}
    return scope.covers(
        operation=facts["operation"],
        queue=lambda: facts["queue"],
        tenant=lambda where, key: facts["tenant"] if (where, key) == ("header", "shop") else None,
        seconds=lambda: facts["seconds"],
        now=NOW,
    )


OF_ACME = {"tenant_key": "header:shop", "tenants": ["acme", "7"]}


@pytest.mark.parametrize(
    ("scope", "job", "expected"),
    [
        ({}, {}, True),
        ({"operations": ["job_creation"]}, {}, True),
        ({"operations": ["caption_generation"]}, {}, False),
        ({"queues": ["jobs", "more"]}, {}, True),
        ({"queues": ["more"]}, {}, False),
        ({"queues": ["more"]}, {"queue": None}, True),  # not known: as closed as before
        (OF_ACME, {"tenant": "acme"}, True),
        (OF_ACME, {"tenant": 7}, True),
        (OF_ACME, {"tenant": "other"}, False),
        (OF_ACME, {}, False),
        ({"crossing": NOW + 60}, {"seconds": 61}, True),
        ({"crossing": NOW + 60}, {"seconds": 60}, False),
        ({"crossing": NOW + 60}, {}, False),  # nothing bounds it: nobody can say
        ({"crossing": NOW - 1}, {"seconds": 0.1}, True),
        ({"operations": ["job_creation"], **OF_ACME}, {"tenant": "other"}, False),
        ({"operations": ["caption_generation"], **OF_ACME}, {"tenant": "acme"}, False),
        ({"queues": ["jobs"], "crossing": NOW + 1}, {"seconds": 9}, True),
    ],
)
def test_what_it_covers(scope: dict[str, Any], job: dict[str, Any], expected: bool) -> None:
    assert covers(Scope.check(**scope), **job) is expected


def test_what_is_not_needed_is_not_asked_for() -> None:
    def never(*_: object) -> Any:
        raise AssertionError("asked")

    assert not Scope.check(operations=["x"], queues=["q"], **OF_ACME, crossing=1.0).covers(
        operation="y", queue=never, tenant=never, seconds=never, now=NOW
    )
    assert EVERYTHING.covers(operation="y", queue=never, tenant=never, seconds=never, now=NOW)


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        ({"tenant_key": "cookie:x", "tenants": ["a"]}, 1),
        ({"tenant_key": "header:", "tenants": ["a"]}, 1),
        ({"tenant_key": "header:x"}, 1),
        ({"tenants": ["a"]}, 1),
        ({"operations": [""], "queues": ["a\nb"], "crossing": -1}, 3),
        ({"operations": ["x" * 101]}, 1),
        ({"queues": [f"q{n}" for n in range(51)]}, 1),
        ({"queues": [f"{n:0>100}" for n in range(50)], "operations": ["y" * 99] * 2, "crossing": 1e12}, 1),
        ({"queues": [f"{n:é>100}" for n in range(50)]}, 1),
    ],
)
def test_bad_input_is_told_at_once(raw: dict[str, Any], problems: int) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Scope.check(**raw)
    assert len(caught.value.problems) == problems


def test_names_are_said_once_in_order() -> None:
    assert Scope.check(queues=["b", "a", "b"]) == Scope(queues=("a", "b"))
    assert Scope.check(operations="job_creation").operations == ("job_creation",)
    assert Scope.check().is_everything


@given(
    st.builds(
        Scope.check,
        operations=st.lists(st.sampled_from(["a", "b"])),
        queues=st.lists(st.sampled_from(["q", "ü"])),
        crossing=st.none() | st.floats(0, 4e9),
    )
)
@many
def test_written_and_read_it_is_the_same(scope: Scope) -> None:
    assert Scope.from_dict(scope.to_dict()) == scope


@given(json_values)
@many
def test_any_json_is_a_scope_or_refused(raw: object) -> None:
    with suppress(StateInvalid):
        assert isinstance(Scope.from_dict(raw), Scope)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {"operations": "ab"},
        {"operations": [1]},
        {"queues": ["b", "a"]},
        {"tenant_key": None},
        {"tenants": ["a"]},
        {"crossing": True},
        {"crossing": "1"},
        {"crossing": 1e300},
        {"extra": 1},
    ],
)
def test_anything_else_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(StateInvalid):
        Scope.from_dict({**EVERYTHING.to_dict(), **changed})


def test_the_longest_fits() -> None:
    scope = Scope.check(queues=[f"{n:0>90}" for n in range(50)])
    assert len(str(scope.to_dict())) < LONGEST_SCOPE


@pytest.mark.parametrize("gate", list(Gate))
def test_outside_of_the_scope_only_the_unknown_blocks(gate: Gate) -> None:
    for place in Place:
        decision = decide(Question(operation=JOBS, place=place, in_scope=False), GateView(gate=gate), NOW)
        assert decision.allowed == (gate is not Gate.UNKNOWN)
        assert not decision.would_block


@pytest.mark.parametrize(
    ("scope", "cordoned"),
    [
        ({}, {"jobs", "captions", "both"}),
        ({"operations": ["caption_generation"]}, {"captions"}),
        ({"queues": ["both", "else"]}, {"both"}),
        ({"queues": ["captions"], "operations": ["job_creation"]}, set()),
        (OF_ACME, set()),
        ({"crossing": 5.0}, set()),
    ],
)
def test_a_queue_is_cordoned_when_all_in_it_is_in_the_scope(
    scope: dict[str, Any], cordoned: set[str]
) -> None:
    carries = {"jobs": {JOBS}, "captions": {CAPTIONS}, "both": {JOBS, CAPTIONS}}
    assert queues_to_cordon(carries, Gate.NORMAL, scope=Scope.check(**scope)) == cordoned


@pytest.mark.parametrize(
    ("scope", "cordoned"),
    [({}, {"q"}), ({"operations": ["job_creation"]}, set()), ({"queues": ["q"]}, {"q"})],
)
def test_the_operators_word_holds_within_the_scope(scope: dict[str, Any], cordoned: set[str]) -> None:
    found = queues_to_cordon({"q": set()}, Gate.NORMAL, scope=Scope.check(**scope), always={"q"})
    assert found == cordoned


def problems_of(**raw: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidRequest) as caught:
        Scope.check(**raw)
    return tuple(caught.value.problems)


def test_each_problem_is_named_with_its_value() -> None:
    both = {"tenants": ["a"]}
    assert problems_of(tenant_key="cookie:x" + "y" * 60, **both) == (
        f"tenant_key 'cookie:x{'y' * 52}' is not understood: use header:NAME or argument:NAME",
    )
    assert problems_of(tenant_key="header:" + "y" * 101, **both)[0].startswith("tenant_key 'header:yyy")
    assert problems_of(**both) == ("a scope by tenant needs both: tenant_key, and at least one tenant",)
    assert problems_of(crossing=-0.5) == ("crossing -0.5 is out of range: give UTC seconds",)
    assert problems_of(crossing=253_402_300_800) == (
        "crossing 253402300800 is out of range: give UTC seconds",
    )
    assert problems_of(queues=[f"q{n}" for n in range(51)]) == ("queues names 51: at most 50 are allowed",)
    assert problems_of(operations=["x" * 101]) == (
        f"operations has '{'x' * 40}': give names of 1 to 100 characters",
    )
    assert problems_of(operations=[""]) == ("operations has '': give names of 1 to 100 characters",)
    assert problems_of(operations=[7]) == ("operations has '7': give names of 1 to 100 characters",)
    assert problems_of(queues=[f"{n:\xe9>100}" for n in range(50)]) == (
        "the scope is longer than 8000 characters: name fewer, or use queues",
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"crossing": 0},
        {"crossing": 253_402_300_799.0},
        {"queues": [f"q{n}" for n in range(50)]},
        {"operations": ["x" * 100]},
        {"operations": ["x"]},
        {"tenant_key": "header:x", "tenants": ["a"]},
        {"tenant_key": "argument:shop:id", "tenants": ["a"]},
        {"tenant_key": "argument:" + "x" * 100, "tenants": ["a"]},
    ],
)
def test_the_ends_of_the_range_are_in_it(raw: dict[str, Any]) -> None:
    scope = Scope.check(**raw)
    assert all(
        scope.to_dict()[name] in (value, sorted(value) if isinstance(value, list) else value)
        for name, value in raw.items()
    )


def test_the_longest_scope_is_measured_as_text() -> None:
    assert LONGEST_SCOPE == 8000
    names = [f"{number:02d}".ljust(100, "x") for number in range(77)]
    too_long = len(json.dumps(Scope(operations=tuple(names[50:]), queues=tuple(names[:50])).to_dict()))
    names[-1] = names[-1][: 100 - (too_long - LONGEST_SCOPE)]
    scope = Scope.check(operations=names[50:], queues=names[:50])
    assert len(json.dumps(scope.to_dict())) == LONGEST_SCOPE
    assert len(problems_of(operations=[*names[50:-1], names[-1] + "y"], queues=names[:50])) == 1


def test_everything_narrows_nothing() -> None:
    assert (EVERYTHING.operations, EVERYTHING.queues, EVERYTHING.tenants) == ((), (), ())
    assert (EVERYTHING.tenant_key, EVERYTHING.crossing) == ("", None)
    for narrowed in (Scope(operations=("a",)), Scope(queues=("a",)), Scope(crossing=0.0)):
        assert not narrowed.is_everything


@pytest.mark.parametrize(
    ("scope", "apart"),
    [
        (Scope(), True),
        (Scope(operations=("a",), queues=("q",)), True),
        (Scope(tenant_key="header:x", tenants=("a",)), False),
        (Scope(crossing=0.0), False),
    ],
)
def test_whether_all_jobs_of_a_queue_are_alike_to_it(scope: Scope, apart: bool) -> None:
    assert scope.tells_queues_apart is apart


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([], "the guard record's scope has missing or unknown fields"),
        ({**EVERYTHING.to_dict(), "extra": 1}, "the guard record's scope has missing or unknown fields"),
        ({**EVERYTHING.to_dict(), "queues": "ab"}, "the guard record's scope has a part of a wrong type"),
        ({**EVERYTHING.to_dict(), "operations": [1]}, "the guard record's scope has a part of a wrong type"),
        ({**EVERYTHING.to_dict(), "tenants": {}}, "the guard record's scope has a part of a wrong type"),
        ({**EVERYTHING.to_dict(), "tenant_key": None}, "the guard record's scope has a part of a wrong type"),
        ({**EVERYTHING.to_dict(), "crossing": True}, "the guard record's scope has a part of a wrong type"),
        ({**EVERYTHING.to_dict(), "crossing": "1"}, "the guard record's scope has a part of a wrong type"),
        (
            {**EVERYTHING.to_dict(), "crossing": -1},
            "the guard record's scope is not understood: crossing -1 is out of range: give UTC seconds",
        ),
        (
            {**EVERYTHING.to_dict(), "queues": ["b", "a"]},
            "the guard record's scope is not in its canonical form",
        ),
    ],
)
def test_what_a_record_may_not_hold_is_named(raw: Any, problem: str) -> None:
    with pytest.raises(StateInvalid) as caught:
        Scope.from_dict(raw)
    assert str(caught.value) == problem


def test_where_a_tenant_is_read() -> None:
    asked: list[tuple[str, str]] = []

    def tenant(where: str, key: str) -> object:
        asked.append((where, key))
        return "acme"

    scope = Scope(tenant_key="argument:shop:id", tenants=("acme",))
    assert scope.covers(operation="x", queue=str, tenant=tenant, seconds=lambda: None, now=NOW)
    assert asked == [("argument", "shop:id")]
