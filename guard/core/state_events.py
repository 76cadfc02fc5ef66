"""Which named events a change of the guard state is: one place for all who make changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.modes import CLOSED_PHASES
from guard.core.named_events import EventName

if TYPE_CHECKING:
    from guard.core.state import GuardState

__all__ = ["events_between"]


def events_between(old: GuardState, new: GuardState) -> list[tuple[EventName, dict[str, Any]]]:
    """What has happened from one state to the next, in the order in which it is to be told."""
    told: list[tuple[EventName, dict[str, Any]]] = []
    where = {"window_id": new.window_id, "epoch": new.epoch}
    if new.phase in CLOSED_PHASES and new.window_id != old.window_id:
        told.append((EventName.WINDOW_OPENED, {**where, **_window(new)}))
    elif new.phase in CLOSED_PHASES and (changed := _changed(old, new)):
        before = {"mode_before": old.mode.value if old.mode else "", "changed": changed}
        told.append((EventName.WINDOW_CHANGED, {**where, **_window(new), **before}))
    elif old.phase in CLOSED_PHASES and new.phase not in CLOSED_PHASES:
        told.append((EventName.WINDOW_ENDED, {**where, **_end(old, new)}))
    if new.phase is not old.phase:
        told.append(
            (
                EventName.PHASE_CHANGED,
                {
                    **where,
                    "phase": new.phase.value,
                    "phase_before": old.phase.value,
                    "mode": new.mode.value if new.mode else None,
                    "by": new.by,
                },
            )
        )
    if new.generation.number != old.generation.number:
        told.append(
            (
                EventName.SESSIONS_INVALIDATED,
                {**where, "generation": new.generation.number, "by": new.by},
            )
        )
    return told


def _window(new: GuardState) -> dict[str, Any]:
    return {
        "mode": new.mode.value if new.mode else "",
        "reason": new.reason,
        "by": new.by,
        "duration": new.duration,
        "planned_end": new.planned_end,
    }


def _changed(old: GuardState, new: GuardState) -> list[str]:
    """Names of what is different; an agreed extension of the drain is a change of the terms."""
    named = ("mode", "reason", "duration", "terms")
    return [name for name in named if getattr(old, name) != getattr(new, name)]


def _end(old: GuardState, new: GuardState) -> dict[str, Any]:
    began = old.started_at if old.started_at is not None else new.changed_at
    return {
        "mode": old.mode.value if old.mode else "",
        "by": new.by,
        "seconds": max(0.0, new.changed_at - began),
    }


