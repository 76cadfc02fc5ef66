"""The report of a weekly optimization: it adds up, and what nobody knows is None.

Each table that was named is exactly one of: analysed, analysed and optimised, missing, failed with a reason.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.alerts import Alert, Severity
from guard.core.optimization import Ruling, TableFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Doing", "FileReport", "Finding", "FolderReport", "KeyReport", "Report", "RunOutcome", "Step",
    "StepKind", "TableOutcome", "TableReport", "alert_of", "kept", "outcome_of", "table_report",
]  # fmt: skip


class RunOutcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    PARTLY = "done in part"
    """A step failed; the others were done."""
    NOT_DRAINED = "not drained"
    """Jobs still ran at the deadline. The window was ended, nothing was touched."""
    SKIPPED = "skipped"
    """Somebody else's window is open, or another run is under way. Nothing was touched."""
    FAILED = "failed"
    """It could not begin, or its window could not be ended yet."""
    RECOVERED = "recovered"
    """Its process died, and another one ended its window."""
    PLANNED = "dry run"


class TableOutcome(StrEnum):
    """What became of a table."""

    ANALYSED = "analysed"
    OPTIMISED = "analysed and optimised"
    MISSING = "missing"
    FAILED = "failed"
    PLANNED = "planned"
    """In a dry run alone."""


class StepKind(StrEnum):
    """What was done to a table."""

    ANALYSE = "analyse"
    OPTIMISE = "optimise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One statement on one table. `problem` is empty when it worked."""

    kind: StepKind
    seconds: float
    before: TableFacts | None
    after: TableFacts | None
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "kind": self.kind.value,
            "seconds": round(self.seconds, 3),
            "before": self.before.to_dict() if self.before else None,
            "after": self.after.to_dict() if self.after else None,
            "problem": self.problem,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Step:
        """Back from `to_dict`."""
        return cls(
            kind=StepKind(raw["kind"]),
            seconds=float(raw["seconds"]),
            before=TableFacts.from_dict(raw["before"]) if raw["before"] else None,
            after=TableFacts.from_dict(raw["after"]) if raw["after"] else None,
            problem=str(raw["problem"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What became of one table, and why."""

    name: str
    outcome: TableOutcome
    why: str = ""
    steps: tuple[Step, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "why": self.why,
            "steps": [step.to_dict() for step in self.steps],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of a database that is one file. Bytes; `after` is None when it was left as it is."""

    rebuilt: bool
    why: str
    seconds: float = 0.0
    before: int | None = None
    after: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """What became of the keys of one pattern.

    Attributes:
        looked_at: keys that fit it.
        old: those whose payload is old enough; in a dry run what would have been deleted.
        deleted: of these; the others were touched meanwhile.
        unreadable: keys that say no age, and are left.
        whole: whether all keys were looked at; a run is bounded.
    """

    pattern: str
    days: float
    looked_at: int = 0
    old: int = 0
    deleted: int = 0
    unreadable: int = 0
    whole: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderReport:
    """What became of the files of one rule.

    Attributes:
        listed, listed_bytes: files that are old enough; in a dry run what would have been deleted.
        deleted, deleted_bytes: of these.
        left: of these changed meanwhile, gone, or not to be deleted.
        whole: whether everything was looked at; a run is bounded.
    """

    folder: str
    pattern: str
    days: float
    listed: int = 0
    listed_bytes: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    left: int = 0
    whole: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at before the gates open again. `good` is None when nobody can say."""

    name: str
    good: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Where a run is, for a progress bar: `done` of `total`, in whatever the stage counts."""

    stage: str
    done: int = 0
    total: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run.

    Attributes:
        window_id: of its window; None when none was opened.
        by: who asked for it.
        why: what kept it from being done; empty when it was.
        began_at, ended_at: UTC seconds.
        drain_seconds: None when there was no drain.
        named: the tables of the setting, in its order.
        tables: one entry for each.
        file: the database as a whole, where it is one file.
        sessions: what the sweep of sessions said; None when nobody sweeps them, or it did not answer.
        findings: the check before the gates opened.
        window_ended: whether the window is known to be over; None when there was none.
        released: parked jobs that went back to their queues.
        problems: what went wrong beside the tables.
    """

    window_id: str | None
    by: str
    outcome: RunOutcome
    began_at: float
    ended_at: float
    why: str = ""
    drain_seconds: float | None = None
    named: tuple[str, ...] = ()
    tables: tuple[TableReport, ...] = ()
    file: FileReport | None = None
    keys: tuple[KeyReport, ...] = ()
    sessions: Mapping[str, Any] | None = None
    folders: tuple[FolderReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    window_ended: bool | None = None
    released: int | None = None
    problems: tuple[str, ...] = ()

    @property
    def sums(self) -> dict[str, int]:
        """How many tables have which outcome."""
        counted = Counter(table.outcome for table in self.tables)
        return {outcome.value: counted[outcome] for outcome in TableOutcome if counted[outcome]}

    @property
    def adds_up(self) -> bool:
        """Whether every named table is there exactly once, with an outcome that its steps bear out."""
        return tuple(table.name for table in self.tables) == self.named and all(
            _bears_out(table) for table in self.tables
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; what is unknown is null."""
        return {
            "window_id": self.window_id,
            "by": self.by,
            "outcome": self.outcome.value,
            "why": self.why,
            "began_at": self.began_at,
            "ended_at": self.ended_at,
            "drain_seconds": self.drain_seconds,
            "named": list(self.named),
            "sums": self.sums,
            "adds_up": self.adds_up,
            "tables": [table.to_dict() for table in self.tables],
            "file": asdict(self.file) if self.file else None,
            "keys": [asdict(keys) for keys in self.keys],
            "sessions": dict(self.sessions) if self.sessions is not None else None,
            "folders": [asdict(folder) for folder in self.folders],
            "findings": [asdict(finding) for finding in self.findings],
            "window_ended": self.window_ended,
            "released": self.released,
            "problems": list(self.problems),
        }


def table_report(
    name: str, steps: Sequence[Step], ruling: Ruling | None = None, *, missing: bool = False, undone: str = ""
) -> TableReport:
    """What became of a table, from what was done to it.

    Args:
        ruling: what was decided after it was analysed; None when it did not come to that.
        missing: the database has no such table.
        undone: why nothing, or nothing more, was done although it should have been.
    """
    if missing:
        return TableReport(name=name, outcome=TableOutcome.MISSING, why="the database has no such table")
    failed = next((f"{step.kind.value}: {step.problem}" for step in steps if step.problem), "")
    why = failed or undone
    if why or not steps:
        return TableReport(
            name=name, outcome=TableOutcome.FAILED, why=why or "nothing was done", steps=tuple(steps)
        )
    done = steps[-1].kind is StepKind.OPTIMISE
    return TableReport(
        name=name,
        outcome=TableOutcome.OPTIMISED if done else TableOutcome.ANALYSED,
        why=ruling.why if ruling is not None else "",
        steps=tuple(steps),
    )


def _bears_out(table: TableReport) -> bool:
    kinds = [step.kind for step in table.steps if not step.problem]
    match table.outcome:
        case TableOutcome.ANALYSED:
            return kinds == [StepKind.ANALYSE] and len(table.steps) == 1
        case TableOutcome.OPTIMISED:
            return kinds == [StepKind.ANALYSE, StepKind.OPTIMISE] and len(table.steps) == 2
        case TableOutcome.FAILED:
            return bool(table.why)
        case _:
            return not table.steps


def outcome_of(report: Report) -> RunOutcome:
    """How a run that has gone through its steps ended."""
    if report.window_ended is False:
        return RunOutcome.FAILED
    wrong = (
        report.problems
        or any(table.outcome is TableOutcome.FAILED for table in report.tables)
        or (report.file is not None and report.file.problem)
        or any(keys.problem for keys in report.keys)
        or any(folder.problem for folder in report.folders)
        or any(finding.good is not True for finding in report.findings)
    )
    return RunOutcome.PARTLY if wrong else RunOutcome.DONE


LARGEST_KEPT = 60_000
"""Characters of JSON: a TEXT of MySQL holds 65,535 bytes."""


def kept(report: Report, largest: int = LARGEST_KEPT) -> dict[str, Any]:
    """The report as the journal keeps it: whole if it fits, else without the figures of each step, else the
    sums alone. `cut` says so."""
    whole = report.to_dict()
    no_steps = {**whole, "cut": True, "tables": [{**table, "steps": []} for table in whole["tables"]]}
    lists = ("named", "tables", "keys", "folders", "findings", "problems")
    sums = {**whole, **dict.fromkeys(lists), "cut": True, "sessions": None, "why": report.why[:500]}
    return next((one for one in (whole, no_steps) if len(json.dumps(one)) <= largest), sums)


_ALERTS = {
    RunOutcome.PARTLY: (Severity.WARNING, "weekly optimization in part"),
    RunOutcome.NOT_DRAINED: (Severity.WARNING, "drain missed its deadline"),
    RunOutcome.FAILED: (Severity.CRITICAL, "weekly optimization failed"),
    RunOutcome.RECOVERED: (Severity.WARNING, "weekly optimization recovered"),
}
_MOST_NAMED = 8


def alert_of(report: Report) -> Alert | None:
    """What a person should be told of a run; None when nothing is wrong."""
    if report.outcome not in _ALERTS:
        return None
    severity, kind = _ALERTS[report.outcome]
    failed = [
        f"{table.name} ({table.why})" for table in report.tables if table.outcome is TableOutcome.FAILED
    ]
    rest = [
        *(f"{keys.pattern}: {keys.problem}" for keys in report.keys if keys.problem),
        *(f"{folder.folder}: {folder.problem}" for folder in report.folders if folder.problem),
        *(f"{finding.name}: {finding.note}" for finding in report.findings if finding.good is not True),
        *report.problems,
    ]
    wrong = [report.why, *failed, *rest]
    said = "; ".join(text for text in wrong[: _MOST_NAMED + 1] if text)
    return Alert(
        at=report.ended_at,
        severity=severity,
        kind=kind,
        message=f"weekly optimization: {report.outcome.value}" + (f": {said}" if said else ""),
        detail={"window_id": report.window_id, "by": report.by, "sums": report.sums},
    )
