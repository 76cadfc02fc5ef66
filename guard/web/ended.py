"""Answers to a session that counts no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import current_app, request

from guard.core.operations import Operation
from guard.web.refusal import PAGE_HEADERS, rendered, wants_page

if TYPE_CHECKING:
    from flask import Response

    from guard.api import Guard
    from guard.errors import MaintenanceActive

__all__ = ["ended_answer", "sign_in_closed"]

_ENDED = "Your session was ended by maintenance. Sign in again."
_CLOSED = "Signing in is not possible during maintenance"


def ended_answer() -> Response:
    """401: sign in again."""
    if wants_page(request.environ):
        body, mimetype, more = (
            rendered("guard_public/ended.html", message=_ENDED),
            "text/html; charset=utf-8",
            PAGE_HEADERS,
        )
    else:
        fields = {
            "type": "urn:maintenance-guard:session-ended",
            "title": "Session ended",
            "status": 401,
            "detail": _ENDED,
            "message": _ENDED,
        }
        body, mimetype, more = json.dumps(fields) + "\n", "application/problem+json", {}
    headers = {
        "Content-Type": mimetype,
        "Cache-Control": "no-store",
        "WWW-Authenticate": 'Session realm="application"',
        **more,
    }
    return current_app.response_class(body, 401, headers)


def sign_in_closed(guard: Guard) -> MaintenanceActive:
    """The same refusal for everybody who may not sign in, whether the account exists or not."""
    return guard.requests.refusal(guard.operations.kind(Operation.AUTHENTICATION), message=_CLOSED)
