"""What is counted of the jobs that meet a window."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Count"]


class Count(StrEnum):
    """What is counted. Each is one event that happened to one job."""

    REFUSED = "refused"
    HELD = "held"
    """Accepted for its queue while that was closed: `hold` was asked, or a continuation."""
    COALESCED = "coalesced"
    """A beat occurrence that was folded into one that already waits."""
    REQUEUED = "requeued"
    PARKED = "parked"
    RELEASED = "released"
    EXPIRED = "expired"
    DISCARDED = "discarded"
    DUPLICATE = "duplicate"
    """A second copy of a parked job, dropped."""
    COMPLETED = "completed"
    """Ended by itself after an emergency had asked it to stop."""
    INTERRUPTED = "interrupted"
    KILLED = "killed"
    LOST = "lost"
    """Asked to stop, and ended by something other than the guard."""
    WOULD_BLOCK = "would_block"
    BYPASSED = "bypassed"
