"""Named events: what the guard decided or did, as data, for whoever listens in the same process.

One event for each decision and each act. What its fields are is in `guard.core.event_catalogue`. Log lines,
JSON logs, metrics, Celery's events and traces are written from them. Events are told, never kept: the journal
and the counters of a window are exact, an event may be lost with its process.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Announces", "EventName", "NamedEvent", "not_announced"]


class EventName(StrEnum):
    """The names. They are stable: dashboards and greps rest on them."""

    __hash__ = str.__hash__  # an enum's own is written in Python: it would be half of what an event costs

    WINDOW_OPENED = "window.opened"
    WINDOW_CHANGED = "window.changed"
    WINDOW_ENDED = "window.ended"
    PHASE_CHANGED = "phase.changed"
    GATE_CLOSED = "gate.closed"
    GATE_ACKNOWLEDGED = "gate.acknowledged"
    GATE_TURNED = "gate.turned"
    TRUST_LOST = "trust.lost"
    TRUST_RENEWED = "trust.renewed"
    STATE_UNJOURNALED = "state.unjournaled"
    STATE_JOURNALED = "state.journaled"
    STATE_REWRITTEN = "state.rewritten"
    ROWS_REFUSED = "rows.refused"
    DRAIN_STUCK = "drain.stuck"
    DRAIN_DEADLINE_MISSED = "drain.deadline_missed"
    WORKER_SETTLED = "worker.settled"
    STEP_VOUCHED = "step.vouched"
    JOB_REFUSED = "job.refused"
    JOB_HELD = "job.held"
    JOB_ABORTED = "job.aborted"
    JOB_COALESCED = "job.coalesced"
    JOB_REHEARSED = "job.rehearsed"
    JOB_NOT_STARTED = "job.not_started"
    JOB_PARKED = "job.parked"
    JOB_RELEASED = "job.released"
    JOB_EXPIRED = "job.expired"
    JOB_DISCARDED = "job.discarded"
    JOB_DUPLICATE = "job.duplicate"
    JOB_ASKED = "job.asked"
    JOB_SIGNALLED = "job.signalled"
    JOB_SPARED = "job.spared"
    JOB_STOPPED = "job.stopped"
    JOB_COMPLETED = "job.completed"
    JOB_INTERRUPTED = "job.interrupted"
    JOB_KILLED = "job.killed"
    JOB_DIED = "job.died"
    JOB_LOST = "job.lost"
    BYPASS_USED = "bypass.used"
    BYPASS_GIVEN = "bypass.given"
    BYPASS_REVOKED = "bypass.revoked"
    REQUEST_REFUSED = "request.refused"
    REQUESTS_MORE_REFUSED = "requests.more_refused"
    RELEASE_STOPPED = "release.stopped"
    RELEASE_FINISHED = "release.finished"
    SESSIONS_INVALIDATED = "sessions.invalidated"
    SESSION_ENDED = "session.ended"
    SESSIONS_MORE_ENDED = "sessions.more_ended"
    ROLLBACK_DONE = "rollback.done"
    SCHEDULE_NOTICE = "schedule.notice"
    SCHEDULE_ACTED = "schedule.acted"
    SCHEDULE_FAILED = "schedule.failed"
    ROUTINE_BEGUN = "routine.begun"
    ROUTINE_ENDED = "routine.ended"
    ROUTINE_SKIPPED = "routine.skipped"
    PERSON_ACTED = "person.acted"
    ACCESS_ADMITTED = "access.admitted"
    ACCESS_REFUSED = "access.refused"
    ACCESS_MORE_REFUSED = "access.more_refused"
    ALERT_RAISED = "alert.raised"
    ALERT_REPEATED = "alert.repeated"
    ALERT_OVER = "alert.over"
    DELIVERY_SENT = "delivery.sent"
    DELIVERY_FAILED = "delivery.failed"
    REPORT_MADE = "report.made"
    STORE_FAILED = "store.failed"
    WORKER_READY = "worker.ready"
    SELF_TEST_FAILED = "self_test.failed"
    GUARD_SWITCHED_OFF = "guard.switched_off"


class NamedEvent(NamedTuple):
    """One event. A tuple, since a storm of refusals makes thousands of them in a second.

    Attributes:
        at: UTC seconds.
        fields: exactly those of the catalogue, plain JSON types. Texts are as their writers gave them, so
            untrusted: whoever writes them somewhere escapes them. No secrets.
    """

    name: EventName
    at: float
    fields: Mapping[str, Any]


class Announces(Protocol):
    """Who is told of events. Never waits for anything, and never raises."""

    def __call__(self, name: EventName, /, **fields: Any) -> None:
        """Tell of what has just been decided or done."""


def not_announced(_name: EventName, /, **_fields: Any) -> None:
    """Tell nobody: for parts that are used alone."""
