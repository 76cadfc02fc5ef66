"""States of jobs that Celery's order of states does not know.

Celery takes an event that usually comes earlier (received, started) for one that came late, and keeps the
state it has. A state of ours stands above both, so a job that was parked and released would show PARKED while
it runs. Here the time at which an event was made decides instead.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from guard.core.events import GUARD_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["in_order"]

_GOES_ON = frozenset({"task-received", "task-started"})
_OURS = frozenset(f"task-{state.lower()}" for state in GUARD_STATES)
_NOTHING_YET = "PENDING"


def in_order(take: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`EventsState.event`, which lets a job that goes on leave a state of ours."""

    @wraps(take)
    def event(self: Any, event: Any) -> Any:
        kind = event["type"]
        task = self.tasks.get(event.get("uuid")) if kind in _GOES_ON or kind in _OURS else None
        if task is None:
            return take(self, event)
        is_late = _is_late(task.timestamp, event)
        if kind in _GOES_ON and task.state in GUARD_STATES and not is_late:
            task.state = _NOTHING_YET
        before = (task.state, task.timestamp)
        done = take(self, event)
        if kind in _OURS and is_late:
            task.state, task.timestamp = before
        return done

    return event


def _is_late(last: float | None, event: Mapping[str, Any]) -> bool:
    """Whether something newer is known of the job than what this event says."""
    made = event.get("timestamp")
    return last is not None and made is not None and made < last
