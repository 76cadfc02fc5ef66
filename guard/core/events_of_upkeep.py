"""Named events of plans, routines, stores and workers."""

from __future__ import annotations

from guard.core.event_kinds import (
    BOOLEAN,
    BY,
    EPOCH_HERE,
    INTEGER,
    NUMBER,
    REASON,
    TEXT,
    WHY,
    WORKER,
    EventKind,
    Field,
    Level,
    Where,
    kind,
)
from guard.core.named_events import EventName

__all__ = ["OF_HEALTH", "OF_TIMES"]

OF_TIMES: dict[EventName, EventKind] = {
    EventName.SCHEDULE_NOTICE: kind(
        "A planned window was announced, or its cancelling was.",
        Level.WARNING, Where.CONDUCTOR, Field("notice", TEXT, "`coming` or `cancelled`"),
        Field("name", TEXT, "of the planned window"), Field("start", TEXT, "when, in its own zone"), REASON,
    ),
    EventName.SCHEDULE_ACTED: kind(
        "Something that was planned was done.",
        Level.INFO, Where.CONDUCTOR, Field("what", TEXT, "one sentence"), BY,
    ),
    EventName.SCHEDULE_FAILED: kind(
        "Something that was planned could not be done; it is tried again.",
        Level.WARNING, Where.CONDUCTOR, Field("what", TEXT, "one sentence"), BY, WHY,
    ),
    EventName.ROUTINE_BEGUN: kind(
        "A routine runs.", Level.INFO, Where.ANY, Field("routine", TEXT, "its name"),
        Field("run", INTEGER, "its number"),
    ),
    EventName.ROUTINE_ENDED: kind(
        "It has ended.",
        Level.INFO, Where.ANY, Field("routine", TEXT, "its name"), Field("run", INTEGER, "its number"),
        Field("outcome", TEXT, "how"), Field("seconds", NUMBER, "how long it ran"),
        Field("findings", INTEGER, "how many things it found"),
        Field("kept", BOOLEAN, "whether its result is stored; no: its lock was taken over"),
    ),
    EventName.ROUTINE_SKIPPED: kind(
        "A time of a routine has passed without a run.",
        Level.INFO, Where.ANY, Field("routine", TEXT, "its name"),
        Field("outcome", TEXT, "`skipped`, `missed`, …"), WHY,
    ),
}

OF_HEALTH: dict[EventName, EventKind] = {
    EventName.STORE_FAILED: kind(
        "A store did not answer when it was needed.",
        Level.WARNING, Where.ANY, Field("store", TEXT, "`durable store`, `control plane` or `broker`"),
        Field("doing", TEXT, "what for"), WHY,
    ),
    EventName.WORKER_READY: kind(
        "The guard of a worker works, and this is its gate.",
        Level.INFO, Where.WORKER, WORKER, Field("gate", TEXT, "what its gate enforces"), EPOCH_HERE,
    ),
    EventName.SELF_TEST_FAILED: kind(
        "A hook of the guard is not reached in this worker: it takes no guarded work.",
        Level.CRITICAL, Where.WORKER, WORKER, WHY,
    ),
    EventName.GUARD_SWITCHED_OFF: kind(
        "A worker starts with MAINTENANCE_MODE_ENABLED=false: nothing is refused, held or parked.",
        Level.WARNING, Where.WORKER,
    ),
}
