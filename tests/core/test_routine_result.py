"""Results of routines: stored as JSON, read back, and what of them is told."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from guard.core.alerts import Severity
from guard.core.routine_result import Figure, Finding, RoutineResult, RoutineRun, new_findings
from guard.core.routines import Outcome
from tests.core.strategies import many

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
figures = st.builds(
    Figure, name=st.text(max_size=9), value=plain, unit=st.text(max_size=4), why=st.text(max_size=9)
)
findings = st.builds(
    Finding,
    severity=st.sampled_from(Severity),
    kind=st.sampled_from(["disk", "memory"]),
    message=st.text(max_size=9),
    subject=st.sampled_from(["", "/", "/backup"]),
)
results = st.builds(
    RoutineResult,
    figures=st.lists(figures, max_size=4).map(tuple),
    findings=st.lists(findings, max_size=4).map(tuple),
)


@given(results)
@many
def test_it_comes_back_as_it_was(result: RoutineResult) -> None:
    assert RoutineResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


@given(plain)
@many
def test_anything_can_be_read(raw: object) -> None:
    read = RoutineResult.from_dict({"figures": raw, "findings": [raw], "new": 1})
    assert isinstance(read.figures, tuple)


@given(results, results)
@many
def test_what_is_told_is_urgent_and_new(now: RoutineResult, before: RoutineResult) -> None:
    urgent = [one for one in now.findings if one.severity is not Severity.INFO]
    assert list(new_findings(now, None)) == urgent
    known = {(one.kind, one.subject) for one in before.findings}
    assert list(new_findings(now, before)) == [one for one in urgent if (one.kind, one.subject) not in known]
    assert new_findings(now, now) == ()


def test_unknown_is_told_apart_from_zero() -> None:
    result = RoutineResult(figures=(Figure(name="a", value=0), Figure(name="b", value=None, why="away")))
    assert (result.checked, result.unknown) == (("a", "b"), ("b",))
    assert (result.value("a"), result.value("b"), result.value("c")) == (0, None, None)


def test_a_run_as_json() -> None:
    run = RoutineRun(
        seq=1, name="x", due_at=1.0, began_at=2.0, ended_at=None, outcome=Outcome.MISSED, fence=3,
        result=RoutineResult(), why="late",
    )  # fmt: skip
    assert json.loads(json.dumps(run.to_dict())) == {
        "name": "x", "due_at": 1.0, "began_at": 2.0, "ended_at": None, "outcome": "missed", "why": "late",
        "figures": [], "findings": [],
    }  # fmt: skip
