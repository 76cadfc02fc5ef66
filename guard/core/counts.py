"""What is counted of the jobs that meet a window."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

__all__ = ["Count", "Counts"]


class Count(StrEnum):
    """What is counted. Each is one event that happened to one job."""

    REFUSED = "refused"
    HELD = "held"
    """Accepted for its queue while that was closed: `hold` was asked, or a continuation."""
    ABORTED = "aborted"
    """A continuation that was ended, as its task asks, instead of being held."""
    COALESCED = "coalesced"
    """A beat occurrence that was folded into one that already waits."""
    REQUEUED = "requeued"
    PARKED = "parked"
    RELEASED = "released"
    EXPIRED = "expired"
    DISCARDED = "discarded"
    DUPLICATE = "duplicate"
    """A second copy of a parked job, dropped."""
    RUNNING = "running"
    """Was running when its worker's gate closed."""
    COMPLETED = "completed"
    """One of these that ended by itself, in the drain or after an emergency had asked it to stop."""
    INTERRUPTED = "interrupted"
    KILLED = "killed"
    LOST = "lost"
    """One of these whose process was ended by something other than the guard. Celery deals with it."""
    RAN_ON = "ran_on"
    """One of these that still ran when the window ended: it is no matter of that window any more."""
    FAILED = "failed"
    """A guarded job that failed while parked jobs went back."""
    WOULD_REFUSE = "would_refuse"
    """In a rehearsal: what a real window would have done with this job."""
    WOULD_HOLD = "would_hold"
    WOULD_WAIT_FOR = "would_wait_for"
    """In a rehearsal: was running when it began, so a drain would have waited for it."""
    WOULD_END = "would_end"
    """In a rehearsal: one of these that was still running after the grace period of an emergency."""
    BYPASSED = "bypassed"


class Counts(Protocol):
    """Who counts."""

    def __call__(self, kind: Count, operation: str, *, window_id: str = "") -> None:
        """Add one to a counter of this window, the current one when empty."""
