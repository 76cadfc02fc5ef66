"""The application's sessions: counted, ended, let in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.access import Deed, Right
from guard.web.api.answers import fresh_status
from guard.web.api.asked import Reply, Route
from guard.web.api.shapes import windows, work

if TYPE_CHECKING:
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "sessions"


def _stats(asked: Asked) -> Reply:
    return Reply(body=asked.guard.sessions.stats().to_dict())


def _invalidate(asked: Asked) -> Reply:
    done = asked.guard.sessions.invalidate(by=asked.by, dry_run=asked.body.dry_run)
    return Reply(body=done.to_dict())


def _allow(asked: Asked) -> Reply:
    window = asked.guard.sessions.allow(by=asked.by)
    status = fresh_status(asked.guard)
    return Reply(
        body={
            "success": True,
            "message": "everybody may sign in again; sessions that were ended stay ended",
            "window": window.to_dict(),
            "maintenance_status": status,
            "status": status,
        }
    )


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/sessions",
        name="sessions",
        group=_GROUP,
        summary="What sessions there are, and whose. Looks at each.",
        answer=_stats,
        gives=work.SessionsAnswer,
        slow=True,
    ),
    Route(
        method="POST",
        path="/maintenance/sessions/invalidate",
        name="sessions_invalidate",
        group=_GROUP,
        summary="End all sessions of non-admins now, in a window or outside of one.",
        answer=_invalidate,
        gives=work.SweepAnswer,
        right=Right.ADMIN,
        deed=Deed.SESSIONS,
        body=work.InvalidateRequest,
        slow=True,
    ),
    Route(
        method="POST",
        path="/maintenance/sessions/allow",
        name="sessions_allow",
        group=_GROUP,
        summary="Let everybody sign in again although the window goes on.",
        answer=_allow,
        gives=windows.WindowAnswer,
        right=Right.ADMIN,
        deed=Deed.SESSIONS,
        body=windows.NoRequest,
    ),
)
