"""What several routes answer: the status in the fields of all its readers, and times."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.orchestrator.status import Status
    from guard.web.standing import StandingView

__all__ = ["PublicStatus", "ToldStatus", "etag_of", "iso", "status_answer"]

_TRANSITIONS = frozenset({"closing", "draining", "releasing"})
_VOLATILE = frozenset({"age", "timestamp", "last_updated", "response_time_ms"})
_DETAILS = ("window_id", "workers", "held", "parked", "refused", "in_flight", "warnings", "scope")


def iso(moment: float | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def status_answer(
    view: StandingView, *, detailed: bool, begun: float | None = None, enabled_by: str | None = None
) -> dict[str, Any]:
    """The status, flat, with the fields of all four readers that are in circulation.

    Args:
        detailed: also what names hosts, workers and people.
        begun: by `time.perf_counter`, when the request came.
        enabled_by: who opened the window, where that is known.
    """
    return _lasting(view, detailed=detailed, enabled_by=enabled_by) | _times(view, begun)


def _lasting(view: StandingView, *, detailed: bool, enabled_by: str | None = None) -> dict[str, Any]:
    """All that stays as it is until the next look, or until the last one is too old."""
    status = view.status
    known = status.is_active is not None
    answer: dict[str, Any] = {
        "is_active": status.is_active,
        "mode": status.mode,
        "reason": status.reason or None,
        "estimated_duration": status.estimated_duration,
        "started_at": status.started_at,
        "estimated_completion": status.estimated_completion,
        "blocked_operations": list(status.blocked_operations) if known else None,
        "active_jobs_count": status.active_jobs_count,
        "message": status.message,
        "enabled_by": enabled_by if detailed else None,
        # Sessions end at once, by their generation; how many there were, nobody counts at that moment.
        "invalidated_sessions": None if status.is_active is not False else 0,
        "test_mode": status.mode == "test" if known else None,
        "success": True,
        "maintenance_mode": status.is_active,
        "maintenance_reason": status.reason or None,
        "maintenance_status": _word(status.is_active, status.phase),
        "service_available": known and not view.stale,
        "epoch": status.epoch,
        "phase": status.phase,
        "stale": view.stale,
    }
    if detailed:
        told = status.to_dict()
        answer |= {name: told[name] for name in _DETAILS}
    return answer


def _times(view: StandingView, begun: float | None) -> dict[str, Any]:
    """What each answer says anew."""
    now, age = time.time(), view.age
    return {
        "last_updated": iso(now - age) if age is not None else None,
        "timestamp": iso(now),
        "response_time_ms": round((time.perf_counter() - begun) * 1000, 3) if begun is not None else 0.0,
        "age": round(age, 3) if age is not None else None,
    }


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """What everybody is told of one status.

    Attributes:
        status, stale: what it was made of.
        tag: the ETag.
        head: a JSON object, without the times and open at its end.
    """

    status: Status
    stale: bool
    tag: str
    head: str

    def text(self, view: StandingView, begun: float) -> str:
        """The answer, for the view that this was asked for.

        Args:
            begun: as `status_answer` takes it.
        """
        return f"{self.head}, {json.dumps(_times(view, begun))[1:]}"


class PublicStatus:
    """What everybody is told, made once per look: making it for each request would be half of what we add to
    one. Any number of threads may ask; two who meet make it twice."""

    def __init__(self) -> None:
        self._told: ToldStatus | None = None

    def of(self, view: StandingView) -> ToldStatus:
        """As it was made, or anew when there was a look since."""
        told = self._told
        if told is None or told.status is not view.status or told.stale is not view.stale:
            lasting = _lasting(view, detailed=False)
            told = ToldStatus(view.status, view.stale, etag_of(lasting), json.dumps(lasting)[:-1])
            self._told = told
        return told


def etag_of(answer: dict[str, Any]) -> str:
    """The epoch, for `If-Match`, and a digest of all that is not merely the time."""
    told = {name: value for name, value in answer.items() if name not in _VOLATILE}
    digest = sha256(repr(sorted(told.items(), key=lambda item: item[0])).encode()).hexdigest()[:12]
    return f'"{answer["epoch"] or 0}-{digest}"'


def fresh_status(guard: Guard) -> dict[str, Any]:
    """The status as it is now, for the answer to a change."""
    from guard.web.standing import StandingView

    status = guard.status()
    known = status.is_active is not None
    view = StandingView(status=status, age=0.0 if known else None, stale=not known)
    return status_answer(view, detailed=True)


def _word(active: bool | None, phase: str | None) -> str:  # noqa: FBT001 - three answers, not a switch
    if active is None:
        return "unknown"
    if phase in _TRANSITIONS:
        return "transitioning"
    return "active" if active else "inactive"
