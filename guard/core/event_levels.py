"""How much each named event matters, by the numbers of `logging`. Apart from the catalogue: every worker
needs this, and only docs and tests need the rest."""

from __future__ import annotations

from guard.core.named_events import EventName

__all__ = ["CRITICAL", "DEBUG", "ERROR", "INFO", "LEVELS", "WARNING"]

DEBUG, INFO, WARNING, ERROR, CRITICAL = 10, 20, 30, 40, 50

_OTHERS: dict[int, tuple[EventName, ...]] = {
    DEBUG: (
        EventName.JOB_REFUSED, EventName.JOB_HELD, EventName.JOB_ABORTED, EventName.JOB_COALESCED,
        EventName.JOB_REHEARSED, EventName.JOB_NOT_STARTED, EventName.JOB_RELEASED, EventName.JOB_STOPPED,
        EventName.ALERT_RAISED, EventName.ALERT_REPEATED, EventName.ALERT_OVER,
    ),
    WARNING: (
        EventName.WINDOW_OPENED, EventName.WINDOW_CHANGED, EventName.WINDOW_ENDED, EventName.TRUST_LOST,
        EventName.STATE_UNJOURNALED, EventName.STATE_JOURNALED, EventName.STATE_REWRITTEN,
        EventName.ROWS_REFUSED, EventName.DRAIN_STUCK, EventName.DRAIN_DEADLINE_MISSED,
        EventName.WORKER_SETTLED, EventName.STEP_VOUCHED, EventName.JOB_EXPIRED, EventName.JOB_DISCARDED,
        EventName.JOB_DUPLICATE, EventName.JOB_SIGNALLED, EventName.JOB_INTERRUPTED, EventName.JOB_KILLED,
        EventName.JOB_DIED, EventName.BYPASS_USED, EventName.BYPASS_GIVEN, EventName.BYPASS_REVOKED,
        EventName.RELEASE_STOPPED, EventName.SESSIONS_INVALIDATED, EventName.ROLLBACK_DONE,
        EventName.SCHEDULE_NOTICE, EventName.SCHEDULE_FAILED, EventName.ACCESS_REFUSED,
        EventName.ACCESS_MORE_REFUSED, EventName.DELIVERY_FAILED, EventName.STORE_FAILED,
        EventName.GUARD_SWITCHED_OFF,
    ),
    ERROR: (
        EventName.JOB_LOST,
    ),
    CRITICAL: (
        EventName.SELF_TEST_FAILED,
    ),
}  # fmt: skip
LEVELS: dict[EventName, int] = dict.fromkeys(EventName, INFO) | {
    name: level for level, names in _OTHERS.items() for name in names
}
"""Of every name. What happens once for each job is `DEBUG`, so that a storm of refusals writes nothing."""
