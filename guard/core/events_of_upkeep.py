"""Named events of plans, routines, alerts, messages, reports, stores and workers."""

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
    Where,
    kind,
)
from guard.core.named_events import EventName

__all__ = ["OF_HEALTH", "OF_TELLING", "OF_TIMES"]

OF_TIMES: dict[EventName, EventKind] = {
    EventName.SCHEDULE_NOTICE: kind(
        "A planned window was announced, or its cancelling was.",
        Where.CONDUCTOR, Field("notice", TEXT, "`coming` or `cancelled`"),
        Field("name", TEXT, "of the planned window"), Field("start", TEXT, "when, in its own zone"), REASON,
    ),
    EventName.SCHEDULE_ACTED: kind(
        "Something that was planned was done.",
        Where.CONDUCTOR, Field("what", TEXT, "one sentence"), BY,
    ),
    EventName.SCHEDULE_FAILED: kind(
        "Something that was planned could not be done; it is tried again.",
        Where.CONDUCTOR, Field("what", TEXT, "one sentence"), BY, WHY,
    ),
    EventName.ROUTINE_BEGUN: kind(
        "A routine runs.", Where.ANY, Field("routine", TEXT, "its name"),
        Field("run", INTEGER, "its number"),
    ),
    EventName.ROUTINE_ENDED: kind(
        "It has ended.",
        Where.ANY, Field("routine", TEXT, "its name"), Field("run", INTEGER, "its number"),
        Field("outcome", TEXT, "how"), Field("seconds", NUMBER, "how long it ran"),
        Field("findings", INTEGER, "how many things it found"),
        Field("kept", BOOLEAN, "whether its result is stored; no: its lock was taken over"),
    ),
    EventName.ROUTINE_SKIPPED: kind(
        "A time of a routine has passed without a run.",
        Where.ANY, Field("routine", TEXT, "its name"),
        Field("outcome", TEXT, "`skipped`, `missed`, …"), WHY,
    ),
}

_ALERT = (
    Field("kind", TEXT, "which rule or finding"),
    Field("severity", TEXT, "`critical`, `warning` or `info`"),
    Field("text", TEXT, "one sentence"),
)
_DELIVERY = (
    Field("delivery_id", TEXT, "its id, the same in every attempt"),
    Field("about", TEXT, "the kind of message"),
    Field("channel", TEXT, "`mail` or `webhook`"),
    Field("attempt", INTEGER, "which attempt it was"),
)

OF_TELLING: dict[EventName, EventKind] = {
    # The alert's own line has the level of its severity.
    EventName.ALERT_RAISED: kind("There is a new alert.", Where.ANY, *_ALERT),
    EventName.ALERT_REPEATED: kind(
        "It is still so, and nobody has said that they see to it.", Where.ANY, *_ALERT
    ),
    EventName.ALERT_OVER: kind("It is so no longer, or a person says so.", Where.ANY, *_ALERT),
    EventName.DELIVERY_SENT: kind("A message has arrived.", Where.ANY, *_DELIVERY),
    EventName.DELIVERY_FAILED: kind(
        "It has not.", Where.ANY, *_DELIVERY, WHY,
        Field("given_up", BOOLEAN, "whether it is not tried again"),
    ),
    EventName.REPORT_MADE: kind(
        "A report was made and is kept.",
        Where.ANY, Field("report_id", TEXT, "its id"), Field("report", TEXT, "its kind"), BY,
    ),
}

OF_HEALTH: dict[EventName, EventKind] = {
    EventName.STORE_FAILED: kind(
        "A store did not answer when it was needed.",
        Where.ANY, Field("store", TEXT, "`durable store`, `control plane` or `broker`"),
        Field("doing", TEXT, "what for"), WHY,
    ),
    EventName.WORKER_READY: kind(
        "The guard of a worker works, and this is its gate.",
        Where.WORKER, WORKER, Field("gate", TEXT, "what its gate enforces"), EPOCH_HERE,
    ),
    EventName.SELF_TEST_FAILED: kind(
        "A hook of the guard is not reached in this worker: it takes no guarded work.",
        Where.WORKER, WORKER, WHY,
    ),
    EventName.GUARD_SWITCHED_OFF: kind(
        "A worker starts with MAINTENANCE_MODE_ENABLED=false: nothing is refused, held or parked.",
        Where.WORKER,
    ),
}
