"""Windows: opened, changed, verified, ended. Each is decided on one epoch."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from guard.core.access import Deed, Right
from guard.core.changes import WindowRequest
from guard.core.deeds import deed_of_change, deed_of_disable, deed_of_enable, deed_of_verify
from guard.core.drill_window import without_drill
from guard.core.generation import SessionPolicy
from guard.core.modes import Mode
from guard.errors import IllegalMove, InvalidRequest
from guard.web.api.answers import fresh_status, iso
from guard.web.api.asked import Reply, Route
from guard.web.api.problems import AlreadyActive, WrongRequest
from guard.web.api.shapes import windows as shapes

if TYPE_CHECKING:
    from guard.orchestrator.window import Window
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "windows"
_KEYS = uuid.UUID("6d0b6c0e-0b0e-4f7e-8f0c-5d5f0a7d9f11")
"""Names the ids of windows that are made of Idempotency-Keys."""


def _enable(asked: Asked) -> Reply:
    return _open(asked, asked.body.given())


def _emergency(asked: Asked) -> Reply:
    """An open window becomes one: in an emergency nobody should have to end a window first."""
    body = asked.body
    wanted = {"mode": Mode.EMERGENCY.value, "reason": body.reason, "grace": body.grace_period}
    wanted |= {"duration": body.duration, "sessions": body.sessions}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if asked.open_mode == Mode.NORMAL:
        window = asked.guard.change(by=asked.by, epoch=asked.state.epoch, **wanted)
        return _opened(asked, window, wanted)
    if asked.open_mode == Mode.TEST:  # a rehearsal cannot become real: it ends, if all the rest is right
        WindowRequest.check(by=asked.by, **{"duration": None, **wanted})
        asked.guard.disable(by=asked.by, unverified=True, epoch=asked.state.epoch)
        asked.forget_state()
    return _open(asked, wanted)


def _open(asked: Asked, wanted: dict[str, Any]) -> Reply:
    window_id = _window_id(asked)
    state = without_drill(asked.state) if wanted.get("mode") != Mode.TEST else asked.state
    if state.is_active and state.window_id != window_id:
        _already(asked)
    is_new = window_id is not None and not state.is_active
    if is_new and asked.guard.records.window(str(window_id)) is not None:
        raise WrongRequest(409, "window_is_over", "the window of this Idempotency-Key is over")
    try:
        window = asked.guard.enable(by=asked.by, window_id=window_id, **wanted)
    except IllegalMove:
        asked.forget_state()
        _already(asked)
        raise
    return _opened(asked, window, wanted)


def _opened(asked: Asked, window: Window, wanted: dict[str, Any]) -> Reply:
    answer = _answer(asked, window, f"Maintenance mode enabled successfully ({window.mode})")
    policy = wanted.get("sessions") or asked.guard.settings.sessions_policy(window.mode).value
    ends_sessions = policy == SessionPolicy.INVALIDATE.value and window.mode != Mode.TEST
    answer |= {
        "invalidated_sessions": None if ends_sessions else 0,
        "blocked_operations": answer["status"]["blocked_operations"],
    }
    if asked.route.name == "emergency":
        asking = len(window.running) if window.running is not None else None
        answer |= {
            "message": "Emergency maintenance mode activated",
            "emergency_status": answer["status"],
            "terminated_jobs": 0 if asking == 0 else None,
            "terminating_jobs": asking,
        }
    return Reply(body=answer)


def _already(asked: Asked) -> None:
    state = asked.state
    if state.is_active:
        raise AlreadyActive(
            f"a window is open already ({state.mode}): change it, or disable it first",
            current={
                "mode": state.mode.value if state.mode else None,
                "phase": state.phase.value,
                "reason": state.reason,
                "started_at": iso(state.started_at),
                "epoch": state.epoch,
            },
        )


def _window_id(asked: Asked) -> str | None:
    """The same key of the same caller is the same window."""
    key = asked.idempotency
    return str(uuid.uuid5(_KEYS, f"{asked.by}\n{key}")) if key else None


def _change(asked: Asked) -> Reply:
    wanted = asked.body.given()
    if asked.body.scope is not None:
        wanted["scope"] = asked.body.scope.model_dump(mode="json")
    window = asked.guard.change(by=asked.by, epoch=asked.state.epoch, **wanted)
    return Reply(body=_answer(asked, window, "Maintenance window changed"))


def _extend(asked: Asked) -> Reply:
    body, state = asked.body, asked.state
    if (body.duration is None) == (body.by is None):
        raise InvalidRequest("say either duration, its length in all, or by, how much longer: in seconds")
    duration = body.duration
    if body.by is not None:
        # A window that is overdue is extended from now on, or it would still be overdue.
        planned = state.duration or 0
        passed = time.time() - state.started_at if state.started_at is not None else 0.0
        duration = max(planned, passed) + body.by
    window = asked.guard.change(by=asked.by, epoch=state.epoch, duration=duration)
    return Reply(body=_answer(asked, window, "Maintenance window extended"))


def _verify(asked: Asked) -> Reply:
    window = asked.guard.verify(by=asked.by, epoch=asked.state.epoch)
    return Reply(body=_answer(asked, window, "Holders of a bypass may run jobs now"))


def _disable(asked: Asked) -> Reply:
    before = asked.site.standing.now().status.blocked_operations
    state, body = asked.state, asked.body
    window = asked.guard.disable(
        by=asked.by, unverified=body.unverified, rollback=body.rollback, epoch=state.epoch
    )
    now = time.time()
    answer = _answer(asked, window, "Maintenance mode disabled successfully")
    answer |= {
        "maintenance_duration": round(max(0.0, now - window.started_at), 1),
        "operations_resumed": list(before),
        "disabled_by": asked.by,
        "disabled_at": iso(now),
    }
    return Reply(body=answer)


def _answer(asked: Asked, window: Window, message: str) -> dict[str, Any]:
    status = fresh_status(asked.guard)
    return {
        "success": True,
        "message": message,
        "window": window.to_dict(),
        "maintenance_status": status,
        "status": status,
    }


def _deed_of_enable(asked: Asked) -> Deed:
    return deed_of_enable(mode=asked.body.mode, at_deadline=asked.body.at_deadline)


def _deed_of_change(asked: Asked) -> Deed:
    at_deadline = asked.state.terms.at_deadline.value if asked.open_mode else None
    return deed_of_change(asked.open_mode, asked.body.model_dump(mode="json"), at_deadline=at_deadline)


def _deed_of_verify(asked: Asked) -> Deed:
    return deed_of_verify(asked.open_mode)


def _deed_of_disable(asked: Asked) -> Deed:
    return deed_of_disable(asked.open_mode)


ROUTES = (
    Route(
        method="POST",
        path="/maintenance/enable",
        name="enable",
        group=_GROUP,
        summary="Open a window. Answers when the gates are closed. An Idempotency-Key may be sent again.",
        answer=_enable,
        gives=shapes.EnableAnswer,
        right=Right.OPERATE,
        or_right=Right.EMERGENCY,
        deed=_deed_of_enable,
        body=shapes.EnableRequest,
        state_bound=True,
        slow=True,
    ),
    Route(
        method="POST",
        path="/maintenance/emergency",
        name="emergency",
        group=_GROUP,
        summary="Open an emergency, or make one of the open window. Running jobs are asked, then ended.",
        answer=_emergency,
        gives=shapes.EmergencyAnswer,
        right=Right.EMERGENCY,
        deed=Deed.START_EMERGENCY,
        body=shapes.EmergencyRequest,
        state_bound=True,
        slow=True,
    ),
    Route(
        method="POST",
        path="/maintenance/change",
        name="change",
        group=_GROUP,
        summary="Change the open window; what is not given stays.",
        answer=_change,
        gives=shapes.WindowAnswer,
        right=Right.OPERATE,
        or_right=Right.EMERGENCY,
        deed=_deed_of_change,
        body=shapes.ChangeRequest,
        state_bound=True,
        slow=True,
    ),
    Route(
        method="POST",
        path="/maintenance/extend",
        name="extend",
        group=_GROUP,
        summary="Plan a later end.",
        answer=_extend,
        gives=shapes.WindowAnswer,
        right=Right.OPERATE,
        deed=Deed.CHANGE,
        body=shapes.ExtendRequest,
        state_bound=True,
    ),
    Route(
        method="POST",
        path="/maintenance/verify",
        name="verify",
        group=_GROUP,
        summary="Let holders of a bypass run jobs while everybody else still may not.",
        answer=_verify,
        gives=shapes.WindowAnswer,
        right=Right.OPERATE,
        or_right=Right.EMERGENCY,
        deed=_deed_of_verify,
        body=shapes.NoRequest,
        state_bound=True,
        slow=True,
    ),
    Route(
        method="POST",
        path="/maintenance/disable",
        name="disable",
        group=_GROUP,
        summary="End the window: the gate opens, and parked jobs go back.",
        answer=_disable,
        gives=shapes.DisableAnswer,
        right=Right.OPERATE,
        or_right=Right.EMERGENCY,
        deed=_deed_of_disable,
        body=shapes.DisableRequest,
        state_bound=True,
        slow=True,
    ),
)
