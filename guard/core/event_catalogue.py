"""The catalogue of named events: what each means, how much it matters, and its fields.

docs/events.md is made from it.

Rules of this file:

- Fields are plain JSON types. An event has all of its fields; what is not known is null where
  that is allowed.
- No field holds a secret: session ids are masked before they get here.
- What happens once for each job is of level `DEBUG`, so that a storm of refusals writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.named_events import EventName

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CATALOGUE", "RESERVED", "EventKind", "Field", "Level", "Where", "problems_of"]


class Level(IntEnum):
    """How much it matters. The numbers are those of `logging`."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


class Kind(Enum):
    """Types of a field: their word in the docs."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "yes or no"
    TEXTS = "list of texts"

    def holds(self, value: object) -> bool:
        """Whether a value is of this type."""
        match self:
            case Kind.TEXT:
                return type(value) is str
            case Kind.INTEGER:
                return type(value) is int
            case Kind.NUMBER:
                return type(value) in {int, float}
            case Kind.BOOLEAN:
                return type(value) is bool
            case Kind.TEXTS:
                return type(value) is list and all(type(one) is str for one in value)


class Where(StrEnum):
    """Which process announces it."""

    CONDUCTOR = "who conducts"
    WORKER = "worker"
    PUBLISHER = "publisher"
    BOTH = "publisher, worker"
    JOB = "pool child"
    WEB = "web"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One field."""

    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    """Whether it may be null: not known, or not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """What is known of one name."""

    meaning: str
    level: Level
    where: Where
    fields: tuple[Field, ...]


RESERVED = frozenset({"timestamp", "level", "logger", "message", "event", "process_id", "exception", "stack"})
"""Names that a line of JSON has already; no field may have one of them."""

_T, _I, _N, _B, _L = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.TEXTS

_WINDOW = Field("window_id", _T, "id of the window; empty when it is not known")
_EPOCH = Field("epoch", _I, "number of the guard state")
_EPOCH_HERE = Field("epoch", _I, "number of the guard state, as far as this process knows it", optional=True)
_MODE = Field("mode", _T, "`normal`, `emergency` or `test`")
_MODE_HERE = Field("mode", _T, "of the window; null when it is not known here", optional=True)
_PHASE = Field("phase", _T, "`inactive`, `closing`, `draining`, `active`, `verifying` or `releasing`")
_REASON = Field("reason", _T, "why, as the administrator wrote it")
_BY = Field("by", _T, "who")
_DURATION = Field("duration", _I, "planned length in seconds", optional=True)
_END = Field("planned_end", _N, "when it should end, UTC seconds", optional=True)
_TASK_ID = Field("task_id", _T, "id of the job; empty when it has none yet")
_TASK = Field("task", _T, "name of the task")
_OPERATION = Field("operation", _T, "kind of work")
_QUEUE = Field("queue", _T, "its own queue", optional=True)
_RETRIES = Field("retries", _I, "how often it was tried again", optional=True)
_WORKER = Field("worker", _T, "name of the worker's node")
_WHY = Field("why", _T, "one sentence")
_JOB = (_WINDOW, _TASK_ID, _TASK, _OPERATION)
_DECIDED = (_WINDOW, _EPOCH_HERE, _TASK_ID, _TASK, _OPERATION)
_STATE = (_WINDOW, _EPOCH)


def _kind(meaning: str, level: Level, where: Where, *fields: Field) -> EventKind:
    return EventKind(meaning=meaning, level=level, where=where, fields=fields)


_WINDOWS: dict[EventName, EventKind] = {
    EventName.WINDOW_OPENED: _kind(
        "A window was opened; the gates are about to close.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, _MODE, _REASON, _BY, _DURATION, _END,
    ),
    EventName.WINDOW_CHANGED: _kind(
        "The open window was changed: by a person, or by what was agreed for a missed deadline.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, _MODE, _REASON, _BY, _DURATION, _END,
        Field("mode_before", _T, "the mode until now"),
        Field("changed", _L, "names of what is different: `mode`, `reason`, `duration`, `terms`"),
    ),
    EventName.WINDOW_ENDED: _kind(
        "The window was ended: the gate opens, parked jobs go back.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, _MODE, _BY, Field("seconds", _N, "how long it was open"),
    ),
    EventName.PHASE_CHANGED: _kind(
        "The window has come to another phase.",
        Level.INFO, Where.CONDUCTOR, *_STATE, _PHASE, Field("phase_before", _T, "the phase until now"),
        _MODE_HERE,
        _BY,
    ),
    EventName.GATE_CLOSED: _kind(
        "Whoever closes has waited until the gates are closed, and knows it by this proof.",
        Level.INFO, Where.CONDUCTOR, *_STATE,
        Field("proof", _T, "`acknowledged` by every worker, by `time` alone, or `none`"),
        Field("seconds", _N, "how long that took"),
    ),
    EventName.GATE_ACKNOWLEDGED: _kind(
        "This worker, or this publishing process, follows the epoch: no child is between look and start.",
        Level.INFO, Where.BOTH, *_STATE, Field("gate", _T, "what its gate enforces now"), _WORKER,
    ),
    EventName.GATE_TURNED: _kind(
        "The gate of this worker has turned.",
        Level.INFO, Where.WORKER, Field("gate", _T, "`open`, `normal`, `emergency`, `test` or `unknown`"),
        _EPOCH_HERE,
    ),
    EventName.TRUST_LOST: _kind(
        "This process could not renew what it believes. When its lease is over its gate closes.",
        Level.WARNING, Where.ANY, _WORKER, _WHY,
    ),
    EventName.TRUST_RENEWED: _kind("It could again.", Level.INFO, Where.ANY, _WORKER),
    EventName.STATE_UNJOURNALED: _kind(
        "The database is away: this change is in the control plane alone, and will be journaled.",
        Level.WARNING, Where.CONDUCTOR, *_STATE,
    ),
    EventName.STATE_JOURNALED: _kind(
        "The database has learnt of a change that was made while it was away.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, _PHASE,
    ),
    EventName.STATE_REWRITTEN: _kind(
        "The control plane had lost the guard state, or held something else; it was written again.",
        Level.WARNING, Where.ANY, *_STATE,
    ),
    EventName.ROWS_REFUSED: _kind(
        "A change of the configuration rows by hand is not taken.", Level.WARNING, Where.CONDUCTOR, _EPOCH,
        _WHY
    ),
    EventName.RELEASE_STOPPED: _kind(
        "Giving parked jobs back has stopped before all were back.", Level.WARNING, Where.CONDUCTOR,
        _WINDOW, _WHY
    ),
    EventName.RELEASE_FINISHED: _kind(
        "Nothing is parked any more that could go back: the window is over.",
        Level.INFO, Where.CONDUCTOR, *_STATE, Field("released", _I, "jobs given back in this run"),
        Field("expired", _I, "of these, how many had expired meanwhile"),
    ),
    EventName.ROLLBACK_DONE: _kind(
        "What a window found was restored, as far as that can be done.",
        Level.WARNING, Where.CONDUCTOR, _WINDOW, _BY, Field("restored", _I, "differences that were undone"),
        Field("failed", _I, "differences that were not"),
    ),
}

_DRAINS: dict[EventName, EventKind] = {
    EventName.DRAIN_STUCK: _kind(
        "Something keeps this drain from ending that does not end by itself, as far as is known. Said again "
        "when that changes.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, Field("blockers", _L, "what it is, one text each"),
        Field("unknown", _L, "what nobody could say"),
    ),
    EventName.DRAIN_DEADLINE_MISSED: _kind(
        "Guarded jobs still run at the moment when none should.",
        Level.WARNING, Where.CONDUCTOR, *_STATE,
        Field("policy", _T, "`wait`, `extend`, `escalate` or `abort`"),
    ),
    EventName.WORKER_SETTLED: _kind(
        "It is known what became of a worker that does not answer.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, _WORKER, Field("fate", _T, "`left`, `gone` or `vouched`"),
        _BY,
    ),
    EventName.STEP_VOUCHED: _kind(
        "An operator has said that a step which goes on is lost.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, _TASK_ID, _TASK, _BY,
    ),
}

_JOBS: dict[EventName, EventKind] = {
    EventName.JOB_REFUSED: _kind(
        "Its publisher was told no. Nothing was published.",
        Level.DEBUG, Where.PUBLISHER, *_DECIDED, _MODE_HERE,
        Field("refusal", _T, "`MaintenanceActive`, or `StateUnknown` when nobody can say whether a window is open"),
        Field("told", _T, "the sentence for the user"),
        Field("retry_after", _I, "seconds until another try"),
    ),
    EventName.JOB_HELD: _kind(
        "It waits in its own queue until the release.", Level.DEBUG, Where.BOTH, *_DECIDED, _QUEUE, _RETRIES
    ),
    EventName.JOB_ABORTED: _kind(
        "A continuation was ended with its error callbacks, as its task asks.", Level.DEBUG, Where.JOB,
        *_DECIDED
    ),
    EventName.JOB_COALESCED: _kind(
        "Beat's occurrence was folded into one that waits already.", Level.DEBUG, Where.PUBLISHER, *_DECIDED
    ),
    EventName.JOB_REHEARSED: _kind(
        "Test mode: what a real window would have done at publish.",
        Level.DEBUG, Where.BOTH, *_DECIDED, Field("would", _T, "`refuse` or `hold`"),
    ),
    EventName.JOB_PARKED: _kind(
        "It had left its queue and was put aside, durably.", Level.DEBUG, Where.WORKER, *_JOB, _QUEUE,
        _RETRIES
    ),
    EventName.JOB_RELEASED: _kind("It went back to its queue.", Level.DEBUG, Where.CONDUCTOR, *_JOB, _QUEUE),
    EventName.JOB_EXPIRED: _kind(
        "It went back, and had expired while it was parked.", Level.WARNING, Where.CONDUCTOR, *_JOB, _QUEUE
    ),
    EventName.JOB_DISCARDED: _kind(
        "Somebody has dropped a parked job for good.", Level.WARNING, Where.CONDUCTOR, *_JOB, _QUEUE, _BY
    ),
    EventName.JOB_DUPLICATE: _kind(
        "A second copy of a parked job was dropped.", Level.WARNING, Where.WORKER, *_JOB, _QUEUE
    ),
    EventName.JOB_ASKED: _kind(
        "An emergency has asked a running job to stop.",
        Level.INFO, Where.WORKER, *_JOB, Field("grace", _N, "seconds until it is ended"),
    ),
    EventName.JOB_SIGNALLED: _kind(
        "Its grace is over: a signal was sent to its process.",
        Level.WARNING, Where.WORKER, *_JOB, Field("signal", _T, "`SIGTERM` or `SIGKILL`"),
        Field("pid", _I, "of the pool child"),
    ),
    EventName.JOB_SPARED: _kind("It runs on: the emergency is over.", Level.INFO, Where.WORKER, *_JOB),
    EventName.JOB_COMPLETED: _kind(
        "Asked to stop, it came to its end by itself.",
        Level.INFO, Where.WORKER, *_JOB, _WORKER, Field("went", _T, "what became of it"),
    ),
    EventName.JOB_INTERRUPTED: _kind(
        "Asked to stop, it did.",
        Level.WARNING, Where.WORKER, *_JOB, _WORKER, Field("went", _T, "what became of it"), _REASON,
    ),
    EventName.JOB_KILLED: _kind(
        "An emergency has ended its process.",
        Level.WARNING, Where.WORKER, *_JOB, _WORKER, Field("went", _T, "what became of it"), _REASON,
    ),
    EventName.JOB_LOST: _kind(
        "The ledger knows that it was accepted, and it is nowhere.",
        Level.ERROR, Where.CONDUCTOR, _TASK_ID, _TASK, _QUEUE,
    ),
}

_PEOPLE: dict[EventName, EventKind] = {
    EventName.BYPASS_USED: _kind(
        "A job or request has passed the closed gate by a bypass.",
        Level.WARNING, Where.ANY, Field("bypass_id", _T, "which; never the token"),
        Field("holder", _T, "whose it is"),
        Field("given_by", _T, "who has made it"), Field("user", _T, "in whose request; empty for a job"),
        _OPERATION,
        _TASK_ID, _TASK,
    ),
    EventName.BYPASS_GIVEN: _kind(
        "A bypass was made.",
        Level.WARNING, Where.ANY, Field("bypass_id", _T, "which; never the token"),
        Field("holder", _T, "for whom"),
        Field("user", _T, "the one user for whom it counts; empty: anybody"),
        Field("operations", _L, "for what"),
        Field("seconds", _N, "how long it counts"), _BY,
    ),
    EventName.BYPASS_REVOKED: _kind(
        "A bypass counts no longer.",
        Level.WARNING, Where.ANY, Field("bypass_id", _T, "which"), Field("holder", _T, "whose it was"), _BY,
    ),
    EventName.REQUEST_REFUSED: _kind(
        "A web request was refused. At most ten a second in one process.",
        Level.INFO, Where.WEB, Field("endpoint", _T, "its path"),
        Field("user", _T, "who; empty when nobody says"),
        _OPERATION, _WHY,
    ),
    EventName.REQUESTS_MORE_REFUSED: _kind(
        "More were refused in a second than have an event of their own.",
        Level.INFO, Where.WEB, Field("more", _I, "how many"), _WHY,
    ),
    EventName.SESSIONS_INVALIDATED: _kind(
        "From this epoch on no older session of a non-admin is accepted.",
        Level.WARNING, Where.CONDUCTOR, *_STATE, Field("generation", _I, "number of the sessions that are"),
        _BY,
    ),
    EventName.SESSION_ENDED: _kind(
        "One session was deleted. At most a hundred in one pass.",
        Level.INFO, Where.ANY, Field("session", _T, "its id, masked: the same for the same id"),
        Field("user", _T, "whose; `unknown` when nobody says"), _WHY,
    ),
    EventName.SESSIONS_MORE_ENDED: _kind(
        "More were deleted than have an event of their own.",
        Level.INFO, Where.ANY, Field("more", _I, "how many"), _WHY,
    ),
    EventName.ACCESS_ADMITTED: _kind(
        "Somebody was let in to do something that changes the guard.",
        Level.INFO, Where.WEB, Field("deed", _T, "what"), _BY,
        Field("via", _T, "how they have shown who they are"),
        Field("address", _T, "from where"),
    ),
    EventName.ACCESS_REFUSED: _kind(
        "A try was refused. A few a minute have an event of their own.",
        Level.WARNING, Where.WEB, Field("tried", _T, "what"), Field("by", _T, "who, by their own words"),
        Field("address", _T, "from where"), _WHY,
    ),
    EventName.ACCESS_MORE_REFUSED: _kind(
        "More tries were refused than have an event of their own.",
        Level.WARNING, Where.WEB, Field("more", _I, "how many"), Field("since", _N, "UTC seconds"),
    ),
}

_TIMES: dict[EventName, EventKind] = {
    EventName.SCHEDULE_NOTICE: _kind(
        "A planned window was announced, or its cancelling was.",
        Level.WARNING, Where.CONDUCTOR, Field("notice", _T, "`coming` or `cancelled`"),
        Field("name", _T, "of the planned window"), Field("start", _T, "when, in its own zone"), _REASON,
    ),
    EventName.SCHEDULE_ACTED: _kind(
        "Something that was planned was done.",
        Level.INFO, Where.CONDUCTOR, Field("what", _T, "one sentence"), _BY,
    ),
    EventName.SCHEDULE_FAILED: _kind(
        "Something that was planned could not be done; it is tried again.",
        Level.WARNING, Where.CONDUCTOR, Field("what", _T, "one sentence"), _BY, _WHY,
    ),
    EventName.ROUTINE_BEGUN: _kind(
        "A routine runs.", Level.INFO, Where.ANY, Field("routine", _T, "its name"),
        Field("run", _I, "its number"),
    ),
    EventName.ROUTINE_ENDED: _kind(
        "It has ended.",
        Level.INFO, Where.ANY, Field("routine", _T, "its name"), Field("run", _I, "its number"),
        Field("outcome", _T, "how"), Field("seconds", _N, "how long it ran"),
        Field("findings", _I, "how many things it found"),
        Field("kept", _B, "whether its result is stored; no: its lock was taken over"),
    ),
    EventName.ROUTINE_SKIPPED: _kind(
        "A time of a routine has passed without a run.",
        Level.INFO, Where.ANY, Field("routine", _T, "its name"),
        Field("outcome", _T, "`skipped`, `missed`, …"), _WHY,
    ),
}

_HEALTH: dict[EventName, EventKind] = {
    EventName.STORE_FAILED: _kind(
        "A store did not answer when it was needed.",
        Level.WARNING, Where.ANY, Field("store", _T, "`durable store`, `control plane` or `broker`"),
        Field("doing", _T, "what for"), _WHY,
    ),
    EventName.WORKER_READY: _kind(
        "The guard of a worker works, and this is its gate.",
        Level.INFO, Where.WORKER, _WORKER, Field("gate", _T, "what its gate enforces"), _EPOCH_HERE,
    ),
    EventName.SELF_TEST_FAILED: _kind(
        "A hook of the guard is not reached in this worker: it takes no guarded work.",
        Level.CRITICAL, Where.WORKER, _WORKER, _WHY,
    ),
    EventName.GUARD_SWITCHED_OFF: _kind(
        "A worker starts with MAINTENANCE_MODE_ENABLED=false: nothing is refused, held or parked.",
        Level.WARNING, Where.WORKER,
    ),
}

CATALOGUE: Mapping[EventName, EventKind] = {**_WINDOWS, **_DRAINS, **_JOBS, **_PEOPLE, **_TIMES, **_HEALTH}
"""Every name."""


def problems_of(name: EventName, fields: Mapping[str, Any]) -> list[str]:
    """What is wrong with these fields for this event; nothing when they are those of the catalogue."""
    known = {field.name: field for field in CATALOGUE[name].fields}
    problems = [f"{missing} is missing" for missing in sorted(known.keys() - fields.keys())]
    for given, value in fields.items():
        field = known.get(given)
        if field is None:
            problems.append(f"{given} is unknown")
        elif not (field.kind.holds(value) or (value is None and field.optional)):
            problems.append(f"{given}={value!r} is no {field.kind.value}")
    return problems
