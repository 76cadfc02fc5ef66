"""The report of the weekly optimization adds up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.alerts import Alert, Severity
from guard.core.optimization import Ruling, TableFacts
from guard.core.optimization_report import (
    LARGEST_KEPT,
    Doing,
    FileReport,
    Finding,
    FolderReport,
    KeyReport,
    Report,
    RunOutcome,
    Step,
    StepKind,
    TableOutcome,
    TableReport,
    alert_of,
    kept,
    outcome_of,
    table_report,
)
from tests.core.strategies import many

FACTS = TableFacts(engine="InnoDB", rows=1, data_bytes=2, index_bytes=3, free_bytes=4)
ANALYSED = Step(kind=StepKind.ANALYSE, seconds=0.5, before=FACTS, after=FACTS)
REBUILT = Step(kind=StepKind.OPTIMISE, seconds=2.0, before=FACTS, after=None)
BROKEN = replace(REBUILT, problem="Lock wait timeout exceeded")
REPORT = Report(window_id="w-1", by="beat", outcome=RunOutcome.DONE, began_at=1.0, ended_at=2.0)


@pytest.mark.parametrize(
    ("report", "outcome", "why"),
    [
        (table_report("t", (), missing=True), TableOutcome.MISSING, "no such table"),
        (table_report("t", (), undone="time was over"), TableOutcome.FAILED, "time was over"),
        (table_report("t", ()), TableOutcome.FAILED, "nothing was done"),
        (
            table_report("t", [ANALYSED], Ruling(optimise=False, why="3% unused")),
            TableOutcome.ANALYSED,
            "3% unused",
        ),
        (table_report("t", [ANALYSED], undone="stopped"), TableOutcome.FAILED, "stopped"),
        (
            table_report("t", [ANALYSED, REBUILT], Ruling(optimise=True, why="40%")),
            TableOutcome.OPTIMISED,
            "40%",
        ),
        (table_report("t", [ANALYSED, BROKEN]), TableOutcome.FAILED, "optimise: Lock wait timeout exceeded"),
        (
            table_report("t", [replace(ANALYSED, problem="gone")], undone="x"),
            TableOutcome.FAILED,
            "analyse: gone",
        ),
    ],
)
def test_what_became_of_a_table(report: TableReport, outcome: TableOutcome, why: str) -> None:
    assert report.outcome is outcome
    assert why in report.why
    assert replace(REPORT, named=("t",), tables=(report,)).adds_up


@given(
    st.lists(st.sampled_from([ANALYSED, REBUILT, BROKEN]), max_size=2),
    st.booleans(),
    st.sampled_from(["", "time was over"]),
)
@many
def test_every_table_is_exactly_one_thing(steps: list[Step], missing: bool, undone: str) -> None:
    if steps[:1] == [REBUILT] or steps == [ANALYSED, ANALYSED] or (missing and steps):
        return  # nobody does that
    table = table_report("t", steps, missing=missing, undone=undone)
    report = replace(REPORT, named=("t",), tables=(table,))
    assert report.adds_up
    assert sum(report.sums.values()) == 1
    assert (table.outcome is TableOutcome.FAILED) == (
        not missing and (not steps or bool(undone) or any(step.problem for step in steps))
    )


@pytest.mark.parametrize(
    ("named", "tables"),
    [
        (("a", "b"), (table_report("a", [ANALYSED]),)),
        (("a",), (table_report("a", [ANALYSED]), table_report("a", [ANALYSED]))),
        (("a",), (table_report("b", [ANALYSED]),)),
        (("a",), (TableReport(name="a", outcome=TableOutcome.ANALYSED),)),
        (("a",), (TableReport(name="a", outcome=TableOutcome.OPTIMISED, steps=(ANALYSED,)),)),
        (("a",), (TableReport(name="a", outcome=TableOutcome.MISSING, steps=(ANALYSED,)),)),
        (("a",), (TableReport(name="a", outcome=TableOutcome.FAILED),)),
        (("a",), (TableReport(name="a", outcome=TableOutcome.OPTIMISED, steps=(ANALYSED, BROKEN)),)),
    ],
)
def test_a_report_that_does_not_add_up(named: tuple[str, ...], tables: tuple[TableReport, ...]) -> None:
    assert not replace(REPORT, named=named, tables=tables).adds_up


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({}, RunOutcome.DONE),
        ({"tables": (table_report("t", (), missing=True),)}, RunOutcome.DONE),
        ({"tables": (table_report("t", (), undone="x"),)}, RunOutcome.PARTLY),
        ({"file": FileReport(rebuilt=False, why="", problem="locked")}, RunOutcome.PARTLY),
        ({"file": FileReport(rebuilt=False, why="3% unused")}, RunOutcome.DONE),
        ({"keys": (KeyReport(pattern="a", days=1, problem="away"),)}, RunOutcome.PARTLY),
        ({"folders": (FolderReport(folder="/b", pattern="a", days=1, problem="x"),)}, RunOutcome.PARTLY),
        ({"findings": (Finding(name="workers", good=None),)}, RunOutcome.PARTLY),
        ({"findings": (Finding(name="workers", good=True),)}, RunOutcome.DONE),
        ({"problems": ("x",)}, RunOutcome.PARTLY),
        ({"window_ended": False}, RunOutcome.FAILED),
    ],
)
def test_how_a_run_ended(changed: dict[str, object], outcome: RunOutcome) -> None:
    assert outcome_of(replace(REPORT, **changed)) is outcome  # type: ignore[arg-type]


def test_who_is_told() -> None:
    silent = {RunOutcome.DONE, RunOutcome.SKIPPED, RunOutcome.PLANNED}
    for outcome in RunOutcome:
        assert (alert_of(replace(REPORT, outcome=outcome)) is None) == (outcome in silent)
    table = table_report("images", [ANALYSED, BROKEN])
    alert = alert_of(replace(REPORT, outcome=RunOutcome.PARTLY, named=("images",), tables=(table,)))
    assert alert is not None
    assert "images (optimise: Lock wait timeout exceeded)" in alert.message
    assert len(alert.kind) <= 50
    json.dumps(alert.to_dict())


def test_what_is_unknown_is_null() -> None:
    step = replace(ANALYSED, before=None, after=replace(FACTS, rows=None))
    raw = json.loads(json.dumps(replace(REPORT, tables=(table_report("t", [step]),)).to_dict()))
    assert raw["tables"][0]["steps"][0]["before"] is None
    assert raw["tables"][0]["steps"][0]["after"]["rows"] is None
    assert (raw["window_ended"], raw["sessions"], raw["file"], raw["drain_seconds"]) == (
        None,
        None,
        None,
        None,
    )


@given(st.sampled_from(StepKind), st.floats(0, 1e5), st.none() | st.just(FACTS), st.text(max_size=9))
@many
def test_a_step_survives_json(kind: StepKind, seconds: float, facts: TableFacts | None, text: str) -> None:
    step = Step(kind=kind, seconds=round(seconds, 3), before=facts, after=facts, problem=text)
    assert Step.from_dict(json.loads(json.dumps(step.to_dict()))) == step


@pytest.mark.parametrize("largest", [60_000, 8_000, 1_200])
def test_the_journal_keeps_what_fits(largest: int) -> None:
    names = tuple(f"table_{number}" for number in range(50))
    tables = tuple(table_report(name, [ANALYSED, replace(BROKEN, problem="ü" * 30)]) for name in names)
    report = replace(REPORT, named=names, tables=tables, problems=("x" * 100,))
    raw = kept(report, largest)
    assert len(json.dumps(raw)) <= largest
    assert raw["sums"] == {"failed": 50}
    assert raw["adds_up"] is True
    assert raw.get("cut", False) == (largest < 60_000)


# -- words, fields and edges -----------------------------------------------------------------------


def test_words_that_are_stored() -> None:
    assert [each.value for each in RunOutcome] == [
        "done", "done in part", "not drained", "skipped", "failed", "recovered", "dry run",
    ]  # fmt: skip
    assert [each.value for each in TableOutcome] == [
        "analysed", "analysed and optimised", "missing", "failed", "planned",
    ]  # fmt: skip
    assert [each.value for each in StepKind] == ["analyse", "optimise"]


def test_a_step_as_json() -> None:
    step = Step(kind=StepKind.OPTIMISE, seconds=2.00049, before=FACTS, after=None, problem="locked")
    raw = {
        "kind": "optimise", "seconds": 2.0, "before": FACTS.to_dict(), "after": None, "problem": "locked",
    }  # fmt: skip
    assert step.to_dict() == raw
    assert Step.from_dict(raw) == replace(step, seconds=2.0)
    other = {**raw, "seconds": "2", "before": None, "after": FACTS.to_dict(), "problem": 7}
    assert Step.from_dict(other) == replace(step, seconds=2.0, before=None, after=FACTS, problem="7")
    assert (ANALYSED.problem, replace(ANALYSED, seconds=0.0006).to_dict()["seconds"]) == ("", 0.001)


def test_a_table_as_json() -> None:
    table = TableReport(name="t", outcome=TableOutcome.FAILED, why="x", steps=(ANALYSED,))
    assert table.to_dict() == {"name": "t", "outcome": "failed", "why": "x", "steps": [ANALYSED.to_dict()]}
    assert TableReport(name="t", outcome=TableOutcome.MISSING) == TableReport(
        name="t", outcome=TableOutcome.MISSING, why="", steps=()
    )


FILE = {"rebuilt": False, "why": "w", "seconds": 0.0, "before": None, "after": None, "problem": ""}
KEYS = {
    "pattern": "p", "days": 2, "looked_at": 0, "old": 0, "deleted": 0, "unreadable": 0, "whole": True,
    "problem": "",
}  # fmt: skip
FOLDER = {
    "folder": "/b", "pattern": "p", "days": 2, "listed": 0, "listed_bytes": 0, "deleted": 0,
    "deleted_bytes": 0, "left": 0, "whole": True, "problem": "",
}  # fmt: skip
FULL = replace(
    REPORT,
    why="because", drain_seconds=3.5, named=("t", "u"),
    tables=(table_report("t", [ANALYSED]), table_report("u", (), missing=True)),
    file=FileReport(rebuilt=False, why="w"), keys=(KeyReport(pattern="p", days=2),),
    sessions={"deleted": 1}, folders=(FolderReport(folder="/b", pattern="p", days=2),),
    findings=(Finding(name="workers", good=None), Finding(name="sql", good=True, note="n")),
    window_ended=True, released=4, problems=("x",),
)  # fmt: skip


def test_a_report_as_json() -> None:
    assert FULL.to_dict() == {
        "window_id": "w-1", "by": "beat", "outcome": "done", "why": "because", "began_at": 1.0,
        "ended_at": 2.0, "drain_seconds": 3.5, "named": ["t", "u"],
        "sums": {"analysed": 1, "missing": 1}, "adds_up": True,
        "tables": [table.to_dict() for table in FULL.tables],
        "file": FILE, "keys": [KEYS], "sessions": {"deleted": 1}, "folders": [FOLDER],
        "findings": [
            {"name": "workers", "good": None, "note": ""}, {"name": "sql", "good": True, "note": "n"},
        ],
        "window_ended": True, "released": 4, "problems": ["x"],
    }  # fmt: skip
    assert REPORT.to_dict() == {
        "window_id": "w-1", "by": "beat", "outcome": "done", "why": "", "began_at": 1.0, "ended_at": 2.0,
        "drain_seconds": None, "named": [], "sums": {}, "adds_up": True, "tables": [], "file": None,
        "keys": [], "sessions": None, "folders": [], "findings": [], "window_ended": None, "released": None,
        "problems": [],
    }  # fmt: skip
    assert replace(REPORT, sessions={}).to_dict()["sessions"] == {}


def test_where_a_run_is_before_it_says_more() -> None:
    assert Doing(stage="drain") == Doing(stage="drain", done=0, total=0, note="")


def test_tables_in_full() -> None:
    ruling = Ruling(optimise=False, why="3% unused")
    assert table_report("t", [ANALYSED], ruling) == TableReport(
        name="t", outcome=TableOutcome.ANALYSED, why="3% unused", steps=(ANALYSED,)
    )
    assert table_report("t", [ANALYSED, REBUILT]) == TableReport(
        name="t", outcome=TableOutcome.OPTIMISED, why="", steps=(ANALYSED, REBUILT)
    )
    assert table_report("t", [ANALYSED, BROKEN], ruling, undone="late") == TableReport(
        name="t", outcome=TableOutcome.FAILED, why="optimise: Lock wait timeout exceeded",
        steps=(ANALYSED, BROKEN),
    )  # fmt: skip
    assert table_report("t", [ANALYSED], ruling, undone="late") == TableReport(
        name="t", outcome=TableOutcome.FAILED, why="late", steps=(ANALYSED,)
    )
    assert table_report("t", ()) == TableReport(
        name="t", outcome=TableOutcome.FAILED, why="nothing was done", steps=()
    )
    assert table_report("t", [ANALYSED], missing=True) == TableReport(
        name="t", outcome=TableOutcome.MISSING, why="the database has no such table", steps=()
    )


@pytest.mark.parametrize(
    ("outcome", "steps", "why", "borne_out"),
    [
        (TableOutcome.ANALYSED, (ANALYSED,), "", True),
        (TableOutcome.ANALYSED, (REBUILT,), "", False),
        (TableOutcome.ANALYSED, (ANALYSED, BROKEN), "", False),
        (TableOutcome.OPTIMISED, (ANALYSED, REBUILT), "", True),
        (TableOutcome.OPTIMISED, (REBUILT, ANALYSED), "", False),
        (TableOutcome.OPTIMISED, (ANALYSED, REBUILT, BROKEN), "", False),
        (TableOutcome.FAILED, (ANALYSED,), "x", True),
        (TableOutcome.FAILED, (ANALYSED,), "", False),
        (TableOutcome.PLANNED, (), "", True),
        (TableOutcome.PLANNED, (ANALYSED,), "x", False),
        (TableOutcome.MISSING, (), "x", True),
        (TableOutcome.MISSING, (ANALYSED,), "", False),
    ],
)
def test_steps_bear_an_outcome_out(
    outcome: TableOutcome, steps: tuple[Step, ...], why: str, borne_out: bool
) -> None:
    table = TableReport(name="t", outcome=outcome, why=why, steps=steps)
    assert replace(REPORT, named=("t",), tables=(table,)).adds_up is borne_out


def test_one_table_that_does_not_add_up_is_enough() -> None:
    good, bad = table_report("a", [ANALYSED]), TableReport(name="b", outcome=TableOutcome.ANALYSED)
    assert not replace(REPORT, named=("a", "b"), tables=(good, bad)).adds_up
    assert not replace(REPORT, named=("b", "a"), tables=(bad, good)).adds_up
    assert not replace(REPORT, named=("b", "a"), tables=(good, good)).adds_up


@pytest.mark.parametrize("window_ended", [None, True, False])
def test_a_window_that_goes_on_is_a_failure_whatever_else(window_ended: bool | None) -> None:
    fine = RunOutcome.FAILED if window_ended is False else RunOutcome.DONE
    assert outcome_of(replace(REPORT, window_ended=window_ended)) is fine
    worse = RunOutcome.FAILED if window_ended is False else RunOutcome.PARTLY
    assert outcome_of(replace(REPORT, window_ended=window_ended, problems=("x",))) is worse


def test_one_thing_that_went_wrong_among_others_is_enough() -> None:
    keys = KeyReport(pattern="a", days=1)
    folder = FolderReport(folder="/b", pattern="a", days=1)
    well = Finding(name="a", good=True)
    good = replace(
        REPORT, tables=(table_report("t", [ANALYSED]),), keys=(keys,), folders=(folder,), findings=(well,),
        file=FileReport(rebuilt=True, why=""),
    )  # fmt: skip
    assert outcome_of(good) is RunOutcome.DONE
    for wrong in (
        {"tables": (*good.tables, table_report("u", ()))},
        {"keys": (keys, replace(keys, problem="away"))},
        {"folders": (folder, replace(folder, problem="away"))},
        {"findings": (well, replace(well, good=False))},
    ):
        assert outcome_of(replace(good, **wrong)) is RunOutcome.PARTLY


def test_what_the_journal_leaves_out_in_two_steps() -> None:
    assert LARGEST_KEPT == 60_000
    whole = FULL.to_dict()
    size = len(json.dumps(whole))
    assert kept(FULL, size) == kept(FULL) == whole
    no_steps = kept(FULL, size - 1)
    assert no_steps == {
        **whole, "cut": True, "tables": [{**table, "steps": []} for table in whole["tables"]],
    }  # fmt: skip
    smaller = len(json.dumps(no_steps))
    assert kept(FULL, smaller) == no_steps
    assert kept(replace(FULL, why="y" * 501), 1) == {
        **whole, "why": "y" * 500, "cut": True, "named": None, "tables": None, "keys": None,
        "folders": None, "findings": None, "problems": None, "sessions": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "severity", "kind"),
    [
        (RunOutcome.PARTLY, Severity.WARNING, "weekly optimization in part"),
        (RunOutcome.NOT_DRAINED, Severity.WARNING, "drain missed its deadline"),
        (RunOutcome.FAILED, Severity.CRITICAL, "weekly optimization failed"),
        (RunOutcome.RECOVERED, Severity.WARNING, "weekly optimization recovered"),
    ],
)
def test_what_a_person_is_told_without_more(outcome: RunOutcome, severity: Severity, kind: str) -> None:
    assert alert_of(replace(REPORT, outcome=outcome)) == Alert(
        at=2.0, severity=severity, kind=kind, message=f"weekly optimization: {outcome.value}",
        detail={"window_id": "w-1", "by": "beat", "sums": {}},
    )  # fmt: skip


def test_what_a_person_is_told_of_all_that_went_wrong() -> None:
    report = replace(
        FULL, outcome=RunOutcome.PARTLY,
        tables=(table_report("t", [ANALYSED]), table_report("u", ())),
        keys=(KeyReport(pattern="p", days=2), KeyReport(pattern="q", days=2, problem="away")),
        folders=(
            FolderReport(folder="/b", pattern="p", days=2),
            FolderReport(folder="/c", pattern="p", days=2, problem="locked"),
        ),
        findings=(
            Finding(name="a", good=None, note="?"), Finding(name="b", good=True, note="fine"),
            Finding(name="c", good=False, note="no"),
        ),
    )  # fmt: skip
    alert = alert_of(report)
    assert alert is not None
    assert alert.message == (
        "weekly optimization: done in part: because; u (nothing was done); q: away; /c: locked; a: ?; c: no;"
        " x"
    )
    assert alert.detail == {"window_id": "w-1", "by": "beat", "sums": {"analysed": 1, "failed": 1}}


def test_a_person_is_told_nine_things_at_most() -> None:
    many_problems = tuple(f"p{number}" for number in range(12))
    report = replace(REPORT, outcome=RunOutcome.PARTLY, problems=many_problems)
    alert = alert_of(report)
    assert alert is not None
    assert alert.message == f"weekly optimization: done in part: {'; '.join(many_problems[:8])}"
    alert = alert_of(replace(report, why="because"))
    assert alert is not None
    assert alert.message == f"weekly optimization: done in part: because; {'; '.join(many_problems[:8])}"
