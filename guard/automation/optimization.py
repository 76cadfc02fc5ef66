"""The weekly optimization: one automated window, from open to report.

    lease → open → drain → tables → keys, sessions, files → check → end → report

- Whatever happens, the window ends: by this process, or by `recover` once its lease has run out.
- Somebody else's window is never touched: if one is open nothing is begun; who changes ours takes it over.
- Every step may be repeated.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.automation.automated_window import AutomatedWindow
from guard.automation.cleaning import clean_up
from guard.automation.health import check_health
from guard.automation.holding import Holding
from guard.automation.record import Records
from guard.automation.recovery import recover, tables_from_notes
from guard.automation.table_work import TablesDone, TableWork
from guard.core.drill_window import without_drill
from guard.core.optimization import Limits
from guard.core.optimization_report import Doing, Report, RunOutcome, TableOutcome, outcome_of, table_report
from guard.errors import GuardError, IllegalMove, InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.automation.parts import OptimizationParts
    from guard.core.optimization_report import TableReport
    from guard.orchestrator.advancing import Progress
    from guard.upkeep.database import Database

__all__ = ["WeeklyOptimization"]

log = logging.getLogger(__name__)

_NOT_DONE = frozenset({TableOutcome.MISSING})


def _nothing(_doing: Doing) -> None:
    """Nobody looks."""


class WeeklyOptimization:
    """Runs it, and ends what a dead run has left."""

    def __init__(self, parts: OptimizationParts) -> None:
        self._parts = parts
        self._records = Records(parts)

    def last(self) -> dict[str, Any] | None:
        """The last report that was kept; None when there is none. Raises StoreUnavailable."""
        return self._records.last()

    def recover(self) -> Report | None:
        """End the window of a run whose process is gone. None when there is none. Raises StoreUnavailable."""
        return recover(self._parts, self._records)

    def run(self, *, by: str, dry_run: bool, seen: Callable[[Doing], None] | None = None) -> Report:
        """Do it, or say what would be done.

        Raises:
            InvalidRequest: the settings are not usable; nothing was changed.
            StoreUnavailable: the durable store did not answer before anything was begun.
        """
        told = seen or _nothing
        if dry_run:
            return self._plan(by, told)
        self.recover()
        report = self._begun(by)
        parts = self._parts
        open_window = without_drill(parts.changes.durable.read())
        if open_window.is_active:
            why = f"a {open_window.mode} window of {open_window.by} is open"
            return self._over(replace(report, outcome=RunOutcome.SKIPPED, why=why))
        window_id = str(uuid.uuid4())
        now = parts.clock.wall()
        fence = parts.leases.take(window_id, parts.who, now=now, until=now + parts.patience.lease)
        if fence is None:
            return self._over(replace(report, outcome=RunOutcome.SKIPPED, why="another run is under way"))
        with Holding(parts.leases, fence, clock=parts.clock, patience=parts.patience) as holding:
            return self._in_window(window_id, replace(report, window_id=window_id), holding, told)

    def _begun(self, by: str) -> Report:
        parts = self._parts
        now = parts.clock.wall()
        named = parts.settings.optimize_tables
        parts.settings.cleanup_folders, parts.settings.cleanup_keys  # noqa: B018 - wrong ones are told now
        return Report(
            window_id=None, by=by, outcome=RunOutcome.PLANNED, began_at=now, ended_at=now, named=named
        )

    def _over(self, report: Report) -> Report:
        """A run that came to nothing: no table was touched."""
        undone = tuple(table_report(name, (), undone=f"not begun: {report.why}") for name in report.named)
        report = replace(report, tables=undone, ended_at=self._parts.clock.wall())
        self._records.finished(report)
        return report

    def _in_window(
        self, window_id: str, report: Report, holding: Holding, seen: Callable[[Doing], None]
    ) -> Report:
        parts = self._parts
        window = AutomatedWindow(parts, window_id)
        self._records.begun(window_id, by=report.by, named=report.named)
        until = self._until()
        seen(Doing(stage="closing the gates"))
        try:
            window.open()
        except IllegalMove:
            why = "somebody else has opened a window"
            return self._over(replace(report, window_id=None, outcome=RunOutcome.SKIPPED, why=why))
        except StoreError as error:  # it may have been opened all the same
            why = f"the window was not opened: {error}"
            return self._end(window, replace(report, why=why), holding, seen, failed=True)
        except BaseException as error:
            self._stopped(error, window, report, holding, seen)
            raise
        try:
            report = self._work(window, report, holding, until, seen)
        except BaseException as error:
            self._stopped(error, window, report, holding, seen)
            raise
        return self._end(window, report, holding, seen, failed=False)

    def _until(self) -> float:
        """Boot time at which the steps must have ended."""
        length = self._parts.settings.guard_optimize_duration
        return self._parts.clock.boot() + length - min(self._parts.patience.reserve, length / 10)

    def _stopped(
        self,
        error: BaseException,
        window: AutomatedWindow,
        report: Report,
        holding: Holding,
        seen: Callable[[Doing], None],
    ) -> None:
        """Something that nobody expected, or Ctrl-C: the window ends all the same."""
        why = f"the run was stopped by {type(error).__name__}"
        log.warning("%s: ending its window", why)
        self._end(window, replace(report, why=why), holding, seen, failed=True)

    def _work(
        self,
        window: AutomatedWindow,
        report: Report,
        holding: Holding,
        until: float,
        seen: Callable[[Doing], None],
    ) -> Report:
        parts = self._parts
        began = parts.clock.boot()
        why = window.drain(_drain_seen(seen))
        report = replace(report, drain_seconds=round(parts.clock.boot() - began, 3))
        if why:
            return replace(report, outcome=RunOutcome.NOT_DRAINED, why=why)

        def stop() -> str:
            return window.lost() if holding.still_ours() else "another process has taken the window over"

        database, done = self._tables(
            report.named,
            until,
            stop,
            lambda what: self._records.step(window.window_id, report.by, what),
            seen,
        )
        report = replace(report, tables=done.tables, file=done.file, problems=done.problems)
        cleaned = clean_up(parts, dry_run=False, stop=stop, until=until, seen=seen)
        report = replace(
            report,
            keys=cleaned.keys,
            sessions=cleaned.sessions,
            folders=cleaned.folders,
            problems=(*report.problems, *cleaned.problems),
        )
        seen(Doing(stage="checking"))
        there = [table.name for table in done.tables if table.outcome not in _NOT_DONE]
        return replace(report, outcome=RunOutcome.DONE, findings=check_health(parts, database, there))

    def _tables(
        self,
        named: tuple[str, ...],
        until: float,
        stop: Callable[[], str],
        note: Callable[[Mapping[str, Any]], None],
        seen: Callable[[Doing], None],
        *,
        plan: bool = False,
    ) -> tuple[Database | None, TablesDone]:
        parts = self._parts
        settings = parts.settings
        try:
            database = parts.database()
        except InvalidRequest as error:
            problem = str(error)
            tables = tuple(table_report(name, (), undone=problem) for name in named)
            return None, TablesDone(tables=tables, problems=(problem,))
        work = TableWork(
            database,
            named,
            Limits(
                fragmentation=settings.guard_optimize_fragmentation,
                least_bytes=settings.guard_optimize_least_mb * 2**20,
            ),
            clock=parts.clock,
            until=until,
            stop=stop,
            note=note,
            seen=seen,
        )
        return database, work.plan() if plan else work.run()

    def _end(
        self,
        window: AutomatedWindow,
        report: Report,
        holding: Holding,
        seen: Callable[[Doing], None],
        *,
        failed: bool,
    ) -> Report:
        seen(Doing(stage="opening the gates"))
        ended = window.end(within=self._parts.patience.end)
        if ended.ended is False:
            holding.keep()
        report = replace(
            report,
            window_ended=ended.ended,
            released=ended.released,
            problems=(*report.problems, ended.problem) if ended.problem else report.problems,
            ended_at=self._parts.clock.wall(),
        )
        if not report.tables:
            report = replace(report, tables=self._tables_of(window.window_id, report))
        if failed:
            report = replace(report, outcome=RunOutcome.FAILED)
        elif report.outcome is RunOutcome.DONE or ended.ended is False:
            report = replace(report, outcome=outcome_of(report))
        self._records.finished(report)
        return report

    def _tables_of(self, window_id: str, report: Report) -> tuple[TableReport, ...]:
        """Of a run that did not come to its end: what it noted, where it noted something."""
        try:
            _, notes = self._records.of(window_id)
        except StoreError:
            notes = []
        return tables_from_notes(report.named, notes, f"not done: {report.why}")

    def _plan(self, by: str, seen: Callable[[Doing], None]) -> Report:
        parts = self._parts
        report = self._begun(by)
        until = self._until()
        seen(Doing(stage="looking at the tables"))
        _, done = self._tables(report.named, until, lambda: "", lambda _: None, seen, plan=True)
        cleaned = clean_up(parts, dry_run=True, stop=lambda: "", until=until, seen=seen)
        return replace(
            report,
            tables=done.tables,
            file=done.file,
            keys=cleaned.keys,
            sessions=cleaned.sessions,
            folders=cleaned.folders,
            problems=(*done.problems, *cleaned.problems, *self._in_the_way()),
            ended_at=parts.clock.wall(),
        )

    def _in_the_way(self) -> tuple[str, ...]:
        """Why a run would be skipped now."""
        try:
            state = self._parts.changes.durable.read()
        except GuardError as error:
            return (str(error),)
        return (f"it would be skipped: a window of {state.by} is open",) if state.is_active else ()


def _drain_seen(seen: Callable[[Doing], None]) -> Callable[[Progress], None]:
    """Looks at a drain as stages of this run."""
    most = 0

    def look(progress: Progress) -> None:
        nonlocal most
        blockers = len(progress.view.blockers) if progress.view is not None else 0
        most = max(most, blockers)
        seen(Doing(stage="draining", done=most - blockers, total=most))

    return look
