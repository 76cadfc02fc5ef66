"""The report of the weekly optimization adds up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.optimization import Ruling, TableFacts
from guard.core.optimization_report import (
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
