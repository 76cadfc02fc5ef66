"""A refusal as a document for programs: RFC 9457 and the guides' fields, and the headers of every refusal.

Needs no web framework. What does not differ between two refusals of a second is made once, so that a storm of
them costs little.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from guard.core.decision import LONGEST_RETRY
from guard.web.words import icon_of, iso, label_of, title_of

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.core.operations import OperationKind
    from guard.errors import MaintenanceActive

__all__ = ["DOCUMENT_TYPE", "RefusalDocuments"]

DOCUMENT_TYPE = "application/problem+json"
_DICE = random.SystemRandom()
"""Spreads load. The numbers of `random` itself are the application's, which may have seeded them."""
_SPREAD = 0.1
"""By which share a client is told to wait longer, at random: they do not all come back at once."""
_MOST_KEPT = 64


class RefusalDocuments:
    """Makes those of one application."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._bodies: dict[tuple[Any, ...], tuple[bytes, bytes]] = {}

    def headers(self, error: MaintenanceActive) -> list[tuple[str, str]]:
        """What goes with every refusal."""
        wait = error.retry_after
        later = min(LONGEST_RETRY, wait + int(_DICE.random() * _SPREAD * wait))
        return [
            ("Retry-After", str(later)),
            ("X-Maintenance-Active", "unknown" if error.mode is None else "true"),
            ("X-Maintenance-Mode", error.mode or "unknown"),
            ("Cache-Control", "no-store"),
            ("Vary", "Accept"),
        ]

    def document(self, error: MaintenanceActive, path: str) -> bytes:
        """The body for programs.

        Args:
            path: of the request.
        """
        now = int(self._guard.requests.now())
        key = (error.operation, error.epoch, error.mode, error.message, now)
        parts = self._bodies.get(key)
        if parts is None:
            if len(self._bodies) >= _MOST_KEPT:
                self._bodies.clear()
            made = json.dumps(_fields(self._guard, error, self._kind(error), now)).encode()
            before, _, after = made.partition(b'"@path"')
            parts = self._bodies[key] = (before, after)
        return b"%b%b%b\n" % (parts[0], json.dumps(path).encode(), parts[1])

    def _kind(self, error: MaintenanceActive) -> OperationKind:
        kinds = self._guard.operations.kinds
        return kinds.get(error.operation, kinds["unknown"])


def _fields(guard: Guard, error: MaintenanceActive, kind: OperationKind, now: int) -> dict[str, Any]:
    state = guard.requests.state() if error.mode is not None else None
    return {
        # "@path" stands for what differs. First, so before every text that somebody has written.
        "instance": "@path",
        "type": "urn:maintenance-guard:maintenance-active",
        "title": title_of(kind),
        "status": 503,
        "detail": error.message,
        "mode": error.mode,
        "epoch": error.epoch,
        "operation": error.operation,
        "retry_after": error.retry_after,
        "error": "Service Unavailable",
        "message": error.message,
        "maintenance_active": None if error.mode is None else True,
        "maintenance_info": {
            "mode": error.mode,
            "reason": error.reason,
            "started_at": iso(state.started_at) if state else None,
            "estimated_completion": iso(state.planned_end) if state else None,
            "estimated_duration": state.duration if state else None,
            "enabled_by": None,  # who administers the application is not told to the public
            "test_mode": False,
        },
        "operation_info": {
            "operation": label_of(kind),
            "operation_type": error.operation,
            "title": title_of(kind),
            "description": error.message,
            "icon": icon_of(error.mode),
            "suggestion": kind.alternative,
        },
        "timestamp": iso(now),
    }
