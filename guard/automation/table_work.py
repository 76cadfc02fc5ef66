"""The tables of one run: each analysed, then rebuilt from small to big where that pays and time is left.

Between two statements it is asked whether to go on, and what was done is noted, so that whoever takes over
after a crash knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.optimization import Limits, Ruling, measured_rate, rule_file, rule_table
from guard.core.optimization_report import (
    Doing,
    FileReport,
    Step,
    StepKind,
    TableOutcome,
    TableReport,
    table_report,
)
from guard.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.optimization import TableFacts
    from guard.ports import Clock
    from guard.upkeep.database import Database, FileFacts

__all__ = ["TableWork", "TablesDone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesDone:
    """What became of them."""

    tables: tuple[TableReport, ...]
    file: FileReport | None = None
    problems: tuple[str, ...] = ()


class TableWork:
    """The tables of one run.

    Args:
        limits: from where on a rebuild pays.
        until: boot time at which everything must have ended.
        stop: why nothing more may be begun; empty: go on.
        note: told what is done, as plain JSON types.
        seen: told where it is.
    """

    def __init__(
        self,
        database: Database,
        names: tuple[str, ...],
        limits: Limits,
        *,
        clock: Clock,
        until: float,
        stop: Callable[[], str],
        note: Callable[[Mapping[str, Any]], None],
        seen: Callable[[Doing], None],
    ) -> None:
        self._database = database
        self._names = names
        self._limits = limits
        self._clock = clock
        self._until = until
        self._stop = stop
        self._note = note
        self._seen = seen
        self._steps: dict[str, list[Step]] = {name: [] for name in names}
        self._rulings: dict[str, Ruling] = {}
        self._undone: dict[str, str] = {}

    def plan(self) -> TablesDone:
        """What would be done by today's figures; nothing is touched."""
        try:
            facts = self._database.facts(self._names)
            file = self._database.file() if facts else None
        except StoreUnavailable as error:
            return self._none_done(str(error))
        ruling = self._rule_file(file) if file is not None else None
        return TablesDone(
            tables=tuple(self._planned(name, facts.get(name)) for name in self._names),
            file=FileReport(rebuilt=False, why=f"{_would(ruling)}: {ruling.why}", before=file.size)
            if file is not None and ruling is not None
            else None,
        )

    def _planned(self, name: str, facts: TableFacts | None) -> TableReport:
        if facts is None:
            return table_report(name, (), missing=True)
        ruling = rule_table(facts, self._limits, rate=None, left=self._left())
        return TableReport(
            name=name,
            outcome=TableOutcome.PLANNED,
            why=f"would be analysed, {_would(ruling)}: {ruling.why}",
        )

    def run(self) -> TablesDone:
        """Do it. Never raises for the database: that is part of the answer."""
        try:
            facts = self._database.facts(self._names)
        except StoreUnavailable as error:
            return self._none_done(str(error))
        there = [name for name in self._names if name in facts]
        for name in self._names:
            if name not in facts:
                self._note({"table": name, "missing": True})
        for number, name in enumerate(there):
            self._seen(Doing(stage="analysing", done=number, total=len(there), note=name))
            self._do(StepKind.ANALYSE, name, facts[name])
        self._rebuild(there)
        file = self._file() if there else None
        return TablesDone(
            tables=tuple(
                table_report(
                    name,
                    self._steps[name],
                    self._rulings.get(name),
                    missing=name not in facts,
                    undone=self._undone.get(name, ""),
                )
                for name in self._names
            ),
            file=file,
        )

    def _none_done(self, why: str) -> TablesDone:
        return TablesDone(tables=tuple(table_report(name, (), undone=why) for name in self._names))

    def _rebuild(self, there: list[str]) -> None:
        """Those that are worth it, from small to big: the small ones tell how fast this server is."""
        known = {name: self._last_facts(name) for name in there if not self._undone.get(name)}
        candidates = {name: facts for name, facts in known.items() if facts is not None}
        for name in known.keys() - candidates.keys():
            self._rulings[name] = Ruling(optimise=False, why="its figures are unknown")
        order = sorted(candidates, key=lambda name: candidates[name].size or 0)
        for number, name in enumerate(order):
            ruling = rule_table(candidates[name], self._limits, rate=self._rate(), left=self._left())
            self._rulings[name] = ruling
            self._note({"table": name, "optimise": ruling.optimise, "why": ruling.why})
            if ruling.optimise:
                self._seen(Doing(stage="optimising", done=number, total=len(order), note=name))
                self._do(StepKind.OPTIMISE, name, candidates[name])

    def _do(self, kind: StepKind, name: str, before: TableFacts) -> None:
        left = self._left()
        why = self._stop() or ("" if left > 0 else "the time of the window was over")
        if why:
            self._undone[name] = f"{kind.value}: not begun: {why}"
            return
        began = self._clock.boot()
        act = self._database.analyse if kind is StepKind.ANALYSE else self._database.optimise
        problem = act(name, within=left)
        step = Step(
            kind=kind,
            seconds=self._clock.boot() - began,
            before=before,
            after=self._facts_of(name) if not problem else None,
            problem=problem,
        )
        self._steps[name].append(step)
        if problem:
            self._undone[name] = problem
        self._note({"table": name, "step": step.to_dict()})

    def _facts_of(self, name: str) -> TableFacts | None:
        try:
            return self._database.facts((name,)).get(name)
        except StoreUnavailable:
            return None

    def _last_facts(self, name: str) -> TableFacts | None:
        steps = self._steps[name]
        return steps[-1].after if steps else None

    def _rate(self) -> float | None:
        return measured_rate(
            (step.before.size, step.seconds)
            for steps in self._steps.values()
            for step in steps
            if step.kind is StepKind.OPTIMISE and not step.problem and step.before is not None
        )

    def _left(self) -> float:
        return self._until - self._clock.boot()

    def _file(self) -> FileReport | None:
        try:
            facts = self._database.file()
        except StoreUnavailable as error:
            return FileReport(rebuilt=False, why="", problem=str(error))
        if facts is None:
            return None
        ruling = self._rule_file(facts)
        why = self._stop()
        if why or not ruling.optimise:
            return FileReport(rebuilt=False, why=why or ruling.why, before=facts.size, problem=why)
        self._seen(Doing(stage="rebuilding the file"))
        began = self._clock.boot()
        problem = self._database.rebuild_file(within=self._left())
        try:
            after = self._database.file()
        except StoreUnavailable:
            after = None
        return FileReport(
            rebuilt=not problem,
            why=ruling.why,
            seconds=round(self._clock.boot() - began, 3),
            before=facts.size,
            after=after.size if after is not None else None,
            problem=problem,
        )

    def _rule_file(self, facts: FileFacts) -> Ruling:
        return rule_file(facts.size, facts.free, self._limits, left=self._left(), room=facts.room)


def _would(ruling: Ruling) -> str:
    return "would be rebuilt" if ruling.optimise else "would not be rebuilt"
