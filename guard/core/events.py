"""What the guard tells about single jobs to whoever watches Celery's events, such as Flower.

Every event named ``task-<word>`` shows there as a state of its job. `MOMENTARY` are those after which the job
may still run: Celery's own order of states knows none of them and would let them hide that it does
(`guard.flower.task_states`).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["GUARD_STATES", "JobEvent"]


class JobEvent(StrEnum):
    """What happened to one job. Events may be lost; the counters of the window are exact."""

    REFUSED = "task-refused"
    """Its publisher was told no. Nothing was published; the id is the call's own, or made for this event."""
    HELD = "task-held"
    """It waits in its own queue until the release."""
    PARKED = "task-parked"
    RELEASED = "task-released"
    DISCARDED = "task-discarded"
    INTERRUPTED = "task-interrupted"
    """An emergency asked it to stop, and it did."""
    KILLED = "task-killed"
    """An emergency ended its process."""


GUARD_STATES = frozenset(event.removeprefix("task-").upper() for event in JobEvent)
"""As which states they show."""


