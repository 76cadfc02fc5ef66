"""What is answered when something is not done: RFC 9457 problem details, with the guides' fields.

One table says which error is which status and which word. A word (`error`) is for programs and never changes;
the sentence (`message`, `detail`) is for people. Neither ever holds a secret, or what is inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.errors import (
    AccessDenied,
    ApprovalRequired,
    GuardError,
    IllegalMove,
    InvalidRequest,
    NoSuchAlert,
    NotAllowed,
    NotKnown,
    NotParked,
    NotPlanned,
    ParkingFailed,
    RoutineRuns,
    StaleEpoch,
    StepUpRequired,
    StoreError,
    TooManyRequests,
    Unanswerable,
)
from guard.web.door import ForgedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AlreadyActive", "NotThere", "ProblemView", "WrongRequest", "as_problem"]

RETRY_SECONDS = 30
_TITLES = {
    400: "The request is not understood",
    401: "Not known",
    403: "Not allowed",
    404: "Not there",
    405: "Not this method",
    409: "Not now",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Not this kind of content",
    422: "Not these values",
    429: "Too many requests",
    500: "An error of ours",
    503: "Not available",
}


class WrongRequest(GuardError):
    """A request that HTTP itself, or the document, does not allow. Nothing was changed.

    Attributes:
        status, error: what is answered.
        problems: every problem found, one sentence each.
    """

    def __init__(
        self, status: int, error: str, *problems: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__("; ".join(problems))
        self.status = status
        self.error = error
        self.problems = problems
        self.headers = dict(headers or {})


class NotThere(GuardError):
    """There is nothing of this name."""


class AlreadyActive(GuardError):
    """A window is open already. Nothing was changed.

    Attributes:
        current: what is open, as plain JSON.
    """

    def __init__(self, message: str, *, current: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.current = current


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """A problem as it is answered."""

    status: int
    error: str
    detail: str
    details: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self, instance: str) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "type": f"urn:celery-maintenance-guard:problem:{self.error}",
            "title": _TITLES.get(self.status, "It was not done"),
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "success": False,
            "error": self.error,
            "message": self.detail,
            "details": list(self.details),
            **self.more,
        }


def as_problem(error: GuardError, *, conditional: bool = False) -> ProblemView:
    """How an error of the guard is answered.

    Args:
        conditional: whether the caller has named an epoch.
    """
    if isinstance(error, WrongRequest):
        return ProblemView(
            status=error.status,
            error=error.error,
            detail=str(error),
            details=error.problems,
            headers=error.headers,
        )
    if isinstance(error, AccessDenied):
        return _denied(error)
    if isinstance(error, TooManyRequests):
        wait = max(1, math.ceil(error.retry_after))
        return ProblemView(
            status=429,
            error="too_many_requests",
            detail=str(error),
            more={"retry_after": wait},
            headers={
                "Retry-After": str(wait),
                "X-RateLimit-Limit": str(error.limit),
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(wait),
            },
        )
    if isinstance(error, StaleEpoch):
        return ProblemView(
            status=412 if conditional else 409,
            error="epoch_mismatch" if conditional else "changed_meanwhile",
            detail=str(error),
            more={"expected_epoch": error.expected, "epoch": error.found},
        )
    if isinstance(error, InvalidRequest):
        return ProblemView(
            status=422, error="invalid_request", detail=str(error), details=tuple(error.problems)
        )
    if isinstance(error, StoreError):
        return ProblemView(
            status=503,
            error="maintenance_service_unavailable",
            # which one, and where it is, is for the log: this is said before anybody knows who asks
            detail="a store or the broker does not answer; a change may or may not have happened: look first",
            more={"retry_after": RETRY_SECONDS},
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    return _other(error)


def _denied(error: AccessDenied) -> ProblemView:
    detail = str(error)
    if isinstance(error, StepUpRequired):
        challenge = 'Bearer error="insufficient_user_authentication"'
        return ProblemView(
            status=401,
            error="step_up_required",
            detail=detail,
            more={"step_up_required": True},
            headers={"WWW-Authenticate": challenge},
        )
    if isinstance(error, NotKnown):
        return ProblemView(
            status=401, error="unauthorized", detail=detail, headers={"WWW-Authenticate": "Bearer"}
        )
    if isinstance(error, ApprovalRequired):
        return ProblemView(
            status=403,
            error="approval_required",
            detail=detail,
            more={"approval_id": error.approval_id or None},
        )
    if isinstance(error, ForgedRequest):
        return ProblemView(status=403, error="csrf_failed", detail=detail)
    needed = error.needed if isinstance(error, NotAllowed) else None
    return ProblemView(
        status=403, error="insufficient_privileges", detail=detail, more={"needed_right": needed}
    )


def _other(error: GuardError) -> ProblemView:
    detail = str(error)
    match error:
        case NotThere() | NotParked() | NotPlanned() | NoSuchAlert():
            return ProblemView(status=404, error="not_found", detail=detail)
        case AlreadyActive():
            more = {"current_status": error.current}
            return ProblemView(status=409, error="maintenance_already_active", detail=detail, more=more)
        case IllegalMove():
            return ProblemView(
                status=409, error=_move_word(error), detail=detail, more={"phase": error.phase}
            )
        case RoutineRuns():
            return ProblemView(status=409, error="routine_runs", detail=detail)
        case ParkingFailed() | Unanswerable():
            return ProblemView(status=503, error="unanswerable", detail=detail)
        case _:
            return ProblemView(
                status=500, error="internal", detail="this is an error of ours; the log has it"
            )


def _move_word(error: IllegalMove) -> str:
    if str(error.phase) in {"inactive", "releasing"}:
        return "maintenance_not_active"
    return "maintenance_already_active" if str(error.event) == "enable" else "illegal_move"
