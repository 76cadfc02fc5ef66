"""What is kept: windows and their reports, the journal, alerts, routines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from guard.core.access import Deed, Right
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
_LONGEST_NUMBER = 18


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
    found = asked.guard.alerts.list(asked.query.limit, everything=not asked.query.waiting)
    return Reply(body={"alerts": [one.to_dict() for one in found]})


def _acknowledge(asked: Asked) -> Reply:
    return Reply(body={"alert": asked.guard.alerts.acknowledge(_alert_id(asked), by=asked.by).to_dict()})


def _resolve(asked: Asked) -> Reply:
    return Reply(body={"alert": asked.guard.alerts.resolve(_alert_id(asked), by=asked.by).to_dict()})


def _alert_id(asked: Asked) -> int:
    text = asked.values["alert_id"]
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise NotThere("there is no alert of this number")
    return int(text)


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
        summary="What a person should know, newest first, and what became of it.",
        answer=_alerts,
        gives=work.AlertsAnswer,
        query=work.AlertsQuery,
    ),
    Route(
        method="POST",
        path="/maintenance/alerts/<alert_id>/acknowledge",
        name="acknowledge_alert",
        group=_GROUP,
        summary="Say that you see to an alert: it is not told again. One that is over stays as it is.",
        answer=_acknowledge,
        gives=work.OneAlertAnswer,
        right=Right.OPERATE,
        deed=Deed.ALERTS,
        body=shapes.NoRequest,
        missing=True,
    ),
    Route(
        method="POST",
        path="/maintenance/alerts/<alert_id>/resolve",
        name="resolve_alert",
        group=_GROUP,
        summary="Say that an alert is over, where nothing can show that. While it is so it is raised anew.",
        answer=_resolve,
        gives=work.OneAlertAnswer,
        right=Right.OPERATE,
        deed=Deed.ALERTS,
        body=shapes.NoRequest,
        missing=True,
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
