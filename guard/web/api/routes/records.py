"""What is kept: windows and their reports, the journal, alerts, routines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest
from guard.web.api.asked import Reply, Route
from guard.web.api.problems import NotThere
from guard.web.api.shapes import windows as shapes
from guard.web.api.shapes import work

if TYPE_CHECKING:
    from guard.core.history import JournalLine, WindowRecord
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "records"


def _windows(asked: Asked) -> Reply:
    return Reply(body={"windows": [_record(one) for one in asked.guard.records.windows(asked.query.limit)]})


def _window(asked: Asked) -> Reply:
    return Reply(body={"window": _record(_found(asked))})


def _report(asked: Asked) -> Reply:
    return Reply(body=asked.guard.report(_found(asked).window_id).to_dict())


def _found(asked: Asked) -> WindowRecord:
    window_id = asked.values["window_id"]
    record = asked.guard.records.window(window_id[:36])
    if record is None or record.window_id != window_id:
        raise NotThere("there is no window of this id")
    return record


def _record(record: WindowRecord) -> dict[str, Any]:
    return {**asdict(record), "account": dict(record.account)}


def _audit(asked: Asked) -> Reply:
    query = asked.query
    lines = asked.guard.records.journal(
        query.limit,
        before=query.before,
        action=query.action,
        actor=query.actor,
        since=query.since,
        until=query.until,
        window=query.window,
    )
    more = lines[-1].seq if len(lines) == query.limit else None
    return Reply(body={"records": [_line(one) for one in lines], "before": more})


def _line(line: JournalLine) -> dict[str, Any]:
    return {"seq": line.seq, **asdict(line.record), "detail": dict(line.record.detail)}


def _alerts(asked: Asked) -> Reply:
    return Reply(body={"alerts": [one.to_dict() for one in asked.guard.records.alerts(asked.query.limit)]})


def _routines(asked: Asked) -> Reply:
    last = asked.guard.routines.last_turns()
    found = []
    for name in asked.guard.routines.names:
        turn = last.get(name)
        found.append({"name": name, "last": asdict(turn) if turn is not None else None})
    return Reply(body={"routines": found})


def _routine(asked: Asked) -> Reply:
    name = asked.values["name"]
    if name not in asked.guard.routines.names:
        raise NotThere("there is no routine of this name")
    try:
        results = asked.guard.routines.results(name, asked.query.limit)
    except InvalidRequest as error:
        raise NotThere(str(error)) from error
    return Reply(body={"name": name, "results": [one.to_dict() for one in results]})


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/windows",
        name="windows",
        group=_GROUP,
        summary="The last windows, newest first.",
        answer=_windows,
        gives=shapes.WindowsAnswer,
        query=shapes.LimitQuery,
    ),
    Route(
        method="GET",
        path="/maintenance/windows/<window_id>",
        name="window",
        group=_GROUP,
        summary="One window.",
        answer=_window,
        gives=shapes.OneWindowAnswer,
        missing=True,
    ),
    Route(
        method="GET",
        path="/maintenance/windows/<window_id>/report",
        name="report",
        group=_GROUP,
        summary="What became of every job that met a window, and whether that adds up.",
        answer=_report,
        gives=shapes.ReportAnswer,
        missing=True,
    ),
    Route(
        method="GET",
        path="/maintenance/audit",
        name="audit",
        group=_GROUP,
        summary="Who did what, newest first, page by page.",
        answer=_audit,
        gives=work.AuditAnswer,
        query=work.AuditQuery,
    ),
    Route(
        method="GET",
        path="/maintenance/alerts",
        name="alerts",
        group=_GROUP,
        summary="What a person should know, newest first.",
        answer=_alerts,
        gives=work.AlertsAnswer,
        query=shapes.LimitQuery,
    ),
    Route(
        method="GET",
        path="/maintenance/routines",
        name="routines",
        group=_GROUP,
        summary="What beat runs, and how it went last.",
        answer=_routines,
        gives=work.RoutinesAnswer,
    ),
    Route(
        method="GET",
        path="/maintenance/routines/<name>",
        name="routine",
        group=_GROUP,
        summary="The last results of one routine, newest first.",
        answer=_routine,
        gives=work.RoutineAnswer,
        query=shapes.LimitQuery,
        missing=True,
    ),
)
