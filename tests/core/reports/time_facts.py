"""Facts about a week in which little happened; each test says what else did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from guard.core.account import Account
from guard.core.history import AuditRecord, WindowRecord
from guard.core.reports.facts import PeriodFacts, Said, WindowFact
from guard.core.reports.report import Period
from guard.core.routine_result import Figure, RoutineResult, RoutineRun
from guard.core.routines import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.core.alerts import Alert
    from guard.core.counts import Count

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400.0
MONDAY = datetime(2026, 11, 1, 23, tzinfo=UTC).timestamp()
"""The first moment of 2 November in Berlin."""
WEEK = Period(start=MONDAY, end=MONDAY + 7 * DAY, zone="Europe/Berlin")


def facts(
    *,
    period: Period = WEEK,
    windows: Sequence[WindowFact] | None = (),
    journal: Sequence[AuditRecord] | None = (),
    alerts: Sequence[Alert] | None = (),
    runs: Sequence[RoutineRun] | None = (),
    plans: Mapping[str, int] | None = None,
    uptime: float | None = 60.0,
    away: str = "",
) -> PeriodFacts:
    """Facts in which what is None did not answer, for the reason `away`."""

    def said(source: str, values: Sequence[Any] | None) -> Said[Any]:
        return Said(value=None if values is None else tuple(values), source=source, why=away)

    return PeriodFacts(
        period=period,
        zone=BERLIN,
        windows=said("the windows", windows),
        journal=said("the journal", journal),
        alerts=said("the alerts", alerts),
        runs=said("the routines", runs),
        plans=Said(value=plans or {}, source="the plans"),
        uptime=Said(value=uptime, source="the machine", why=away),
    )


def window(
    start: float = 0.0,
    length: float | None = 60.0,
    *,
    mode: str = "normal",
    planned: int | None = None,
    counts: Mapping[Count, int] | None = None,
) -> WindowFact:
    """One that was opened so many seconds after the week began."""
    record = WindowRecord(
        window_id=f"w{start:g}", mode=mode, reason="r", by="b", started_at=MONDAY + start, duration=planned,
        ended_at=None if length is None else MONDAY + start + length,
    )  # fmt: skip
    account = Account({(kind, "o"): number for kind, number in (counts or {}).items()})
    return WindowFact(
        record=record, account=Said(value=account, source="s"), requests=Said(value=0, source="s")
    )


def line(at: float, action: str, window_id: str, *, outcome: str = "done") -> AuditRecord:
    """A line of the journal, so many seconds after the week began."""
    detail = {"window_id": window_id}
    return AuditRecord(at=MONDAY + at, actor="a", action=action, epoch=1, outcome=outcome, detail=detail)


def run(
    name: str,
    at: float = 0.0,
    *,
    began: float | None = None,
    outcome: Outcome = Outcome.DONE,
    figures: Mapping[str, Any] | None = None,
) -> RoutineRun:
    """A turn that was due and began so many seconds after the week began."""
    found = tuple(Figure(name=key, value=value) for key, value in (figures or {}).items())
    return RoutineRun(
        seq=1, name=name, due_at=MONDAY + at, began_at=MONDAY + (at if began is None else began),
        ended_at=None, outcome=outcome, fence=1, result=RoutineResult(figures=found),
    )  # fmt: skip


def morning(at: float = 0.0, *, memory: Any = None, load: Any = None, redis: Any = None) -> RoutineRun:
    """A morning check with what it measured."""
    figures = {"memory in use": memory, "load per core, 5 minutes": load, "Redis memory": redis}
    return run("morning-check", at, figures=figures)


def review(at: float, sizes: Any, *, name: str = "weekly-review", due: float = 0.0) -> RoutineRun:
    """A review that began then and saw these sizes of tables."""
    return run(name, due, began=at, figures={"table sizes": sizes})
