"""Kinds of named events: the shape of the catalogue, and fields that several of them have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

__all__ = ["RESERVED", "EventKind", "Field", "Type", "Where", "kind"]


class Type(Enum):
    """Types of a field: their word in the docs."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "yes or no"
    TEXTS = "list of texts"

    def holds(self, value: object) -> bool:
        """Whether a value is of this type."""
        match self:
            case Type.TEXT:
                return type(value) is str
            case Type.INTEGER:
                return type(value) is int
            case Type.NUMBER:
                return type(value) in {int, float}
            case Type.BOOLEAN:
                return type(value) is bool
            case Type.TEXTS:
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
    type: Type
    meaning: str
    optional: bool = False
    """Whether it may be null: not known, or not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """What is known of one name."""

    meaning: str
    where: Where
    fields: tuple[Field, ...]


RESERVED = frozenset({"timestamp", "level", "logger", "message", "event", "process_id", "exception", "stack"})
"""Names that a line of JSON has already; no field may have one of them."""

TEXT, INTEGER, NUMBER, BOOLEAN, TEXTS = Type.TEXT, Type.INTEGER, Type.NUMBER, Type.BOOLEAN, Type.TEXTS

WINDOW = Field("window_id", TEXT, "id of the window; empty when it is not known")
EPOCH = Field("epoch", INTEGER, "number of the guard state")
EPOCH_HERE = Field("epoch", INTEGER, "number of the guard state, if known here", optional=True)
MODE = Field("mode", TEXT, "`normal`, `emergency` or `test`")
MODE_HERE = Field("mode", TEXT, "of the window; null when it is not known here", optional=True)
PHASE = Field("phase", TEXT, "`inactive`, `closing`, `draining`, `active`, `verifying` or `releasing`")
REASON = Field("reason", TEXT, "why, as the administrator wrote it")
BY = Field("by", TEXT, "who")
DURATION = Field("duration", INTEGER, "planned length in seconds", optional=True)
END = Field("planned_end", NUMBER, "when it should end, UTC seconds", optional=True)
TASK_ID = Field("task_id", TEXT, "id of the job; empty when it has none yet")
TASK = Field("task", TEXT, "name of the task")
OPERATION = Field("operation", TEXT, "kind of work")
QUEUE = Field("queue", TEXT, "its own queue", optional=True)
RETRIES = Field("retries", INTEGER, "how often it was tried again", optional=True)
WORKER = Field("worker", TEXT, "name of the worker's node")
WHY = Field("why", TEXT, "one sentence")
JOB = (WINDOW, TASK_ID, TASK, OPERATION)
DECIDED = (WINDOW, EPOCH_HERE, TASK_ID, TASK, OPERATION)
STATE = (WINDOW, EPOCH)


def kind(meaning: str, where: Where, *fields: Field) -> EventKind:
    """One kind of event."""
    return EventKind(meaning=meaning, where=where, fields=fields)
