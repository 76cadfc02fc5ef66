"""The status, what is blocked, what users are told, the health, the document."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from guard.core.health import Health, HealthCheck, is_ready, overall
from guard.errors import StoreError
from guard.web.api import openapi
from guard.web.api.answers import etag_of, iso, status_answer
from guard.web.api.asked import Reply, Route
from guard.web.api.shapes import state as shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "status"


def _status(asked: Asked) -> Reply:
    begun = time.perf_counter()
    view = asked.site.standing.now()
    headers = {"Vary": "Authorization, Cookie"}
    body: dict[str, Any] | str
    if asked.may_read:
        body = status_answer(
            view, detailed=True, begun=begun, enabled_by=_opener(asked, view.status.window_id)
        )
        headers |= {"ETag": etag_of(body), "Cache-Control": "private, no-cache"}
    else:
        told = asked.site.public.of(view)
        body = told.text(view, begun)
        headers |= {"ETag": told.tag, "Cache-Control": "no-cache"}
    known = asked.request.headers.get("If-None-Match", "")
    if known and headers["ETag"] in [one.strip() for one in known.split(",")]:
        return Reply(body="", status=304, headers=headers)
    return Reply(body=body, headers=headers)


def _opener(asked: Asked, window_id: str | None) -> str | None:
    if window_id is None:
        return None
    try:
        record = asked.guard.records.window(window_id)
    except StoreError:
        return None
    return record.by if record is not None else None


def _blocked(asked: Asked) -> Reply:
    view = asked.site.standing.now()
    status = view.status
    since = status.started_at
    attempts, why = _attempts(asked, status.window_id, stale=view.stale)
    if status.is_active is None:
        body: dict[str, Any] = {"blocked_operations": None, "count": None, "total_blocked_operations": None}
    else:
        found = [_operation(asked, name, since, attempts) for name in status.blocked_operations]
        body = {"blocked_operations": found, "count": len(found), "total_blocked_operations": len(found)}
    total = sum(one["attempt_count"] for one in attempts.values()) if attempts is not None else None
    body |= {
        "success": True,
        "total_blocked_attempts": total,
        "attempts_unknown": why,
        "maintenance_active_since": since,
        "stale": view.stale,
        "age": round(view.age, 3) if view.age is not None else None,
    }
    return Reply(body=body)


def _attempts(
    asked: Asked, window_id: str | None, *, stale: bool
) -> tuple[Mapping[str, Mapping[str, Any]] | None, str | None]:
    """Refused requests by operation; None with why when nobody can say."""
    if stale:
        return None, "nobody can say the state"  # nor the counters: nobody should wait for that
    if window_id is None:
        return {}, None
    try:
        seen = asked.guard.attempts.of(window_id)
    except StoreError:
        return None, "the counters do not answer"
    return {
        name: {
            "attempt_count": one.attempt_count,
            "last_attempt": iso(one.last_attempt),
            "blocked_since": iso(one.blocked_since),
        }
        for name, one in seen.operations.items()
    }, None


def _operation(
    asked: Asked, name: str, since: str | None, attempts: Mapping[str, Mapping[str, Any]] | None
) -> dict[str, Any]:
    kind = asked.guard.operations.kind(name)
    counted = (attempts or {}).get(name, {})
    endpoints = list(asked.guard.operations.endpoints_of(name))
    return {
        "operation_type": name,
        "description": name.replace("_", " ").capitalize(),
        "user_message": kind.message,
        "alternative": kind.alternative,
        "blocked_since": counted.get("blocked_since") or since,
        "attempt_count": counted.get("attempt_count", 0) if attempts is not None else None,
        "last_attempt": counted.get("last_attempt"),
        "endpoint_pattern": endpoints[0] if endpoints else None,
        "endpoints": endpoints,
    }


def _message(asked: Asked) -> Reply:
    status = asked.site.standing.now().status
    kind = asked.guard.operations.kind(asked.query.operation)
    known = status.is_active is not None
    blocked = kind.name in status.blocked_operations if known else None
    told = blocked is not False and kind.guarded
    return Reply(
        body={
            "message": kind.message if told else status.message,
            "operation_type": kind.name,
            "maintenance_active": status.is_active,
            "blocked": blocked,
            "mode": status.mode,
            "reason": status.reason or None,
            "estimated_completion": status.estimated_completion,
            "alternative_actions": [kind.alternative] if told and kind.alternative else [],
        }
    )


def _health(asked: Asked) -> Reply:
    """Always 200: whoever restarts a process because a window is open, or a store away, makes it worse."""
    view = asked.site.standing.now()
    found = (*asked.site.health.now(), _guard(view.stale, view.status.phase, view.age))
    now = time.time()
    checks: dict[str, list[dict[str, Any]]] = {}
    for check in found:
        told: dict[str, Any] = {
            "componentType": _KINDS.get(check.name, "system"),
            "status": check.status.value,
            "time": iso(now - (check.age or 0.0)),
            "age": round(check.age, 3) if check.age is not None else None,
        }
        if asked.may_read:
            told |= {"observedValue": check.value, "observedUnit": check.unit or _COUNTED.get(check.name, "")}
            told |= {"remedy": check.remedy} if check.remedy else {}
        if check.note and (asked.may_read or check.status is Health.UNKNOWN):
            told["output"] = check.note if asked.may_read else "did not answer in time"
        checks[check.name] = [told]
    body = {
        "status": overall(found).value,
        "description": "maintenance guard",
        "serviceId": "celery-maintenance-guard",
        "checks": checks,
    }
    ready = is_ready(found) or not asked.query.ready
    return Reply(body=body, status=200 if ready else 503)


_KINDS = {"sql": "datastore", "redis": "datastore", "guard": "component"}
_COUNTED = {"workers": "workers", "guard": "phase"}


def _guard(stale: bool, phase: str | None, age: float | None) -> HealthCheck:  # noqa: FBT001 - what the view says
    if phase is None:
        note = "nobody can say the state"
        return HealthCheck(name="guard", status=Health.UNKNOWN, age=None, note=note)
    note = "the state was last known a while ago" if stale else ""
    status = Health.WARN if stale else Health.PASS
    return HealthCheck(name="guard", status=status, value=phase, age=age, note=note)


def _document(asked: Asked) -> Reply:
    return Reply(body=openapi.document(asked.site.routes), headers={"Cache-Control": "max-age=60"})


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/status",
        name="status",
        group=_GROUP,
        summary="How maintenance stands. Always 200, from memory; `stale` and `age` say how old it is.",
        answer=_status,
        gives=shapes.StatusAnswer,
        right=None,
        query=None,
        limited=False,
    ),
    Route(
        method="GET",
        path="/maintenance/blocked-operations",
        name="blocked_operations",
        group=_GROUP,
        summary="What is blocked now, and how often it was tried.",
        answer=_blocked,
        gives=shapes.BlockedAnswer,
        right=None,
    ),
    Route(
        method="GET",
        path="/maintenance/message",
        name="message",
        group=_GROUP,
        summary="What a user is told about an operation now.",
        answer=_message,
        gives=shapes.MessageAnswer,
        right=None,
        query=shapes.MessageQuery,
    ),
    Route(
        method="GET",
        path="/health/maintenance",
        name="health",
        group=_GROUP,
        summary="Whether the parts answer. 200 also in a window; `ready=true` gives 503 when one fails.",
        answer=_health,
        gives=shapes.HealthAnswer,
        right=None,
        query=shapes.HealthQuery,
        media="application/health+json",
        limited=False,
    ),
    Route(
        method="GET",
        path="/maintenance/openapi.json",
        name="openapi",
        group=_GROUP,
        summary="This document.",
        answer=_document,
        gives=shapes.OpenApiAnswer,
        right=None,
    ),
)
