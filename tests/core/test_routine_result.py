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


FULL = RoutineResult(
    figures=(Figure(name="a", value=1, unit="s", why="w"), Figure(name="b", value=None)),
    findings=(Finding(severity=Severity.INFO, kind="k", message="m", subject="x"),),
    outcome=Outcome.FAILED,
)
AS_JSON = {
    "figures": [
        {"name": "a", "value": 1, "unit": "s", "why": "w"},
        {"name": "b", "value": None, "unit": "", "why": ""},
    ],
    "findings": [{"severity": "info", "kind": "k", "message": "m", "subject": "x"}],
}


def test_every_field_as_json() -> None:
    assert FULL.to_dict() == AS_JSON
    assert RoutineResult.from_dict(AS_JSON, Outcome.FAILED) == FULL
    assert RoutineResult.from_dict(AS_JSON).outcome is Outcome.DONE
    assert RoutineResult() == RoutineResult(figures=(), findings=(), outcome=Outcome.DONE)
    assert Finding(severity=Severity.INFO, kind="k", message="m").subject == ""


def test_what_is_malformed_or_left_out() -> None:
    assert RoutineResult.from_dict({}) == RoutineResult()
    read = RoutineResult.from_dict(
        {
            "figures": [{}, 7, {"name": 8, "unit": 9, "why": 10}],
            "findings": [
                {"severity": "info"},
                {"severity": "loud"},
                {},
                "x",
                {"severity": "warning", "kind": 1},
            ],
        }
    )
    assert read.figures == (
        Figure(name="", value=None, unit="", why=""),
        Figure(name="8", value=None, unit="9", why="10"),
    )
    assert read.findings == (
        Finding(severity=Severity.INFO, kind="", message="", subject=""),
        Finding(severity=Severity.WARNING, kind="1", message="", subject=""),
    )
    assert RoutineResult.from_dict({"figures": "ab", "findings": {"severity": "info"}}) == RoutineResult()


def test_a_run_in_full() -> None:
    run = RoutineRun(
        seq=1, name="x", due_at=1.0, began_at=2.0, ended_at=3.0, outcome=Outcome.DONE, fence=3, result=FULL
    )  # fmt: skip
    assert run.to_dict() == {
        "name": "x", "due_at": 1.0, "began_at": 2.0, "ended_at": 3.0, "outcome": "done", "why": "", **AS_JSON,
    }  # fmt: skip


def test_which_findings_are_told() -> None:
    def found(severity: Severity, kind: str = "k", subject: str = "") -> Finding:
        return Finding(severity=severity, kind=kind, message="m", subject=subject)

    before = RoutineResult(findings=(found(Severity.INFO), found(Severity.WARNING, "w", "/")))
    now = RoutineResult(
        findings=(
            found(Severity.CRITICAL),
            found(Severity.INFO, "new"),
            found(Severity.WARNING, "w", "/"),
            found(Severity.WARNING, "w", "/other"),
            found(Severity.CRITICAL, "c"),
        )
    )
    assert new_findings(now, before) == (now.findings[3], now.findings[4])
    assert new_findings(now, None) == (now.findings[0], *now.findings[2:])
