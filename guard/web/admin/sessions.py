"""The application's sessions: counted, ended, let in again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import request

from guard.core.access import Deed
from guard.web.admin.answers import asked
from guard.web.admin.errands import run_for_a_while
from guard.web.admin.shown import counted, short_time

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.core.session_sweep import SessionStats, SessionSweep
    from guard.web.admin.desk import Desk

__all__ = ["add_pages"]

_COUNT_SECONDS = 2.0
_WAIT_SECONDS = 8.0


class _EnoughError(Exception):
    """Sessions were looked at for long enough."""


def add_pages(desk: Desk) -> None:
    """The figures, and the two things that can be done."""

    def sessions() -> ResponseReturnValue:
        return desk.page("sessions.html", stats=_stats(desk), total=asked(desk.guard.sessions.total))

    def invalidate() -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return desk.page("invalidate.html", typed=typed, stats=_stats(desk))
        done = desk.do(
            Deed.SESSIONS,
            {"sessions": "invalidate"},
            typed,
            lambda by: run_for_a_while(
                "sessions", lambda: desk.guard.sessions.invalidate(by=by), seconds=_WAIT_SECONDS
            ),
        )
        if done.error is not None:
            return desk.page("invalidate.html", typed=typed, stats=_stats(desk), status=done.status)
        return desk.go("sessions", *_ended(done.value))

    def allow() -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return desk.page("allow.html", typed=typed)
        done = desk.do(
            Deed.SESSIONS, {"sessions": "allow"}, typed, lambda by: desk.guard.sessions.allow(by=by)
        )
        if done.error is not None:
            return desk.page("allow.html", typed=typed, status=done.status)
        return desk.go("sessions", "Everybody may sign in again. Sessions that were ended stay ended.")

    add = desk.blueprint.add_url_rule
    add("/sessions", "sessions", sessions)
    add("/sessions/invalidate", "invalidate", invalidate, methods=["GET", "POST"])
    add("/sessions/allow", "allow", allow, methods=["GET", "POST"])


def _stats(desk: Desk) -> SessionStats | None:
    """None when there are too many to look at while a person waits."""
    until = time.monotonic() + _COUNT_SECONDS

    def seen(_number: int) -> None:
        if time.monotonic() > until:
            raise _EnoughError

    try:
        return desk.guard.sessions.stats(seen=seen)
    except _EnoughError:
        return None


def _ended(sweep: SessionSweep | None) -> list[str]:
    if sweep is None:
        return ["No process accepts the sessions of non-admins any more. Their keys are being deleted."]
    proof = {"acknowledged": "every process acknowledged", "time": "proven by time"}.get(
        sweep.proof, "NOT PROVEN: the control plane was not told"
    )
    took = f" after {short_time(sweep.took)}" if sweep.took is not None else ""
    said = [f"{counted(sweep.ended, 'session')} ended; refused everywhere{took} ({proof})."]
    if sweep.unknown:
        said.append(f"{counted(sweep.unknown, 'session')} kept, accepted nowhere: nobody could say whose.")
    return [*said, *sweep.problems]
