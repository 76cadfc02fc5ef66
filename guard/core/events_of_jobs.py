"""Named events of single jobs."""

from __future__ import annotations

from guard.core.event_kinds import (
    BY,
    DECIDED,
    INTEGER,
    JOB,
    MODE_HERE,
    NUMBER,
    QUEUE,
    REASON,
    RETRIES,
    TASK,
    TASK_ID,
    TEXT,
    WORKER,
    EventKind,
    Field,
    Where,
    kind,
)
from guard.core.named_events import EventName

__all__ = ["OF_JOBS"]

OF_JOBS: dict[EventName, EventKind] = {
    EventName.JOB_REFUSED: kind(
        "Its publisher was told no. Nothing was published.",
        Where.PUBLISHER, *DECIDED, MODE_HERE,
        Field("refusal", TEXT, "`MaintenanceActive`, or `StateUnknown` when nobody knows of a window"),
        Field("told", TEXT, "the sentence for the user"),
        Field("retry_after", INTEGER, "seconds until another try"),
    ),
    EventName.JOB_HELD: kind(
        "It waits in its own queue until the release.", Where.BOTH, *DECIDED, QUEUE, RETRIES
    ),
    EventName.JOB_ABORTED: kind(
        "A continuation was ended with its error callbacks, as its task asks.", Where.JOB,
        *DECIDED
    ),
    EventName.JOB_COALESCED: kind(
        "Beat's occurrence was folded into one that waits already.", Where.PUBLISHER, *DECIDED
    ),
    EventName.JOB_REHEARSED: kind(
        "Test mode: what a real window would have done at publish.",
        Where.BOTH, *DECIDED, Field("would", TEXT, "`refuse` or `hold`"),
    ),
    EventName.JOB_NOT_STARTED: kind(
        "The gate was closed when it was about to start. Nothing of it ran; its worker holds or parks it.",
        Where.JOB, *DECIDED,
    ),
    EventName.JOB_PARKED: kind(
        "It had left its queue and was put aside, durably.", Where.WORKER, *JOB, QUEUE,
        RETRIES
    ),
    EventName.JOB_RELEASED: kind("It went back to its queue.", Where.CONDUCTOR, *JOB, QUEUE),
    EventName.JOB_EXPIRED: kind(
        "It went back, and had expired while it was parked.", Where.CONDUCTOR, *JOB, QUEUE
    ),
    EventName.JOB_DISCARDED: kind(
        "Somebody has dropped a parked job for good.", Where.CONDUCTOR, *JOB, QUEUE, BY
    ),
    EventName.JOB_DUPLICATE: kind(
        "A second copy of a parked job was dropped.", Where.WORKER, *JOB, QUEUE
    ),
    EventName.JOB_ASKED: kind(
        "An emergency has asked a running job to stop.",
        Where.WORKER, *JOB, Field("grace", NUMBER, "seconds until it is ended"),
    ),
    EventName.JOB_SIGNALLED: kind(
        "Its grace is over: a signal was sent to its process.",
        Where.WORKER, *JOB, Field("signal", TEXT, "`SIGTERM` or `SIGKILL`"),
        Field("pid", INTEGER, "of the pool child"),
    ),
    EventName.JOB_SPARED: kind("It runs on: the emergency is over.", Where.WORKER, *JOB),
    EventName.JOB_STOPPED: kind(
        "Asked to stop, it stops. Its worker says what becomes of it: `job.interrupted`.",
        Where.JOB, *DECIDED,
    ),
    EventName.JOB_COMPLETED: kind(
        "Asked to stop, it came to its end by itself.",
        Where.WORKER, *JOB, WORKER, Field("went", TEXT, "what became of it"),
    ),
    EventName.JOB_INTERRUPTED: kind(
        "Asked to stop, it did.",
        Where.WORKER, *JOB, WORKER, Field("went", TEXT, "what became of it"), REASON,
    ),
    EventName.JOB_KILLED: kind(
        "An emergency has ended its process.",
        Where.WORKER, *JOB, WORKER, Field("went", TEXT, "what became of it"), REASON,
    ),
    EventName.JOB_DIED: kind(
        "Asked to stop, its process was ended by something else; Celery deals with it.",
        Where.WORKER, *JOB, WORKER, Field("went", TEXT, "what became of it"),
    ),
    EventName.JOB_LOST: kind(
        "The ledger knows that it was accepted, and it is nowhere.",
        Where.CONDUCTOR, TASK_ID, TASK, QUEUE,
    ),
}
