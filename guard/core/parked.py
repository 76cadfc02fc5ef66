"""A parked job: what travels with the original message while it waits in `guard.parked`.

The body, headers and properties of the original stay as they were. One header, `PARKED_HEADER`,
says where it came from and keeps the properties that would change its fate in the parking queue
(an expiry would drop it there, a priority would reorder it). Release removes that header and adds
`COPY_HEADER`, by which a worker recognises a second copy of the same parked job.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from guard.core.headers import PARKED_HEADER
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "KEPT_PROPERTIES",
    "ParkedJob",
    "kept_properties",
]

KEPT_PROPERTIES = (
    "priority",
    "expiration",
    "reply_to",
    "correlation_id",
    "message_id",
    "timestamp",
    "type",
    "app_id",
)
"""Message properties that a publisher may have set and that the parking queue must not act on."""

_VERSION = 1
_LATEST = 253_402_300_800
_NUMBERS = frozenset({"priority", "timestamp"})
_NUMBER = (int, float)
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedJob:
    """Where a parked job came from.

    Attributes:
        park_id: this act of parking; the same id if the worker crashed and parked the job again.
        task_id: Celery's id of the job.
        task: name of the task.
        operation: the operation that was blocked.
        queue: the queue that it left and returns to.
        retries: Celery's count of retries.
        publication: what names the message that was published, unlike the task id, which may be used
            again. Empty when its publisher had no guard and the broker gives no such name.
        generation: ``original``, or the copy id of an earlier release: with the publication it names
            one delivery, so that a job parked in two windows is not taken for a second copy of itself.
        parked_at: UTC seconds.
        window_id: the window that blocked it; empty when the state was unknown.
        worker: node name of the worker that parked it.
        eta, expires: ISO 8601 as the publisher gave them, or None.
        properties: the original values of `KEPT_PROPERTIES` that were set.
    """

    park_id: str
    task_id: str
    task: str
    operation: str
    queue: str
    retries: int
    publication: str
    generation: str
    parked_at: float
    window_id: str
    worker: str
    eta: str | None = None
    expires: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """What each named event of it says."""
        return {
            "window_id": self.window_id,
            "task_id": self.task_id,
            "task": self.task,
            "operation": self.operation,
            "queue": self.queue,
        }

    def to_header(self) -> dict[str, Any]:
        """The header's value: plain types that any serializer and an AMQP table can carry."""
        return {"version": _VERSION, **asdict(self)}

    @classmethod
    def from_header(cls, raw: object) -> ParkedJob:
        """Read the header.

        Raises:
            InvalidRequest: it is missing or malformed. The message belongs in quarantine, not in the bin.
        """
        if not isinstance(raw, dict):
            raise InvalidRequest(f"a message in the parking queue has no valid {PARKED_HEADER} header")
        values = dict(raw)
        if values.pop("version", None) != _VERSION:
            raise InvalidRequest(f"a parked job's {PARKED_HEADER} header has an unknown version")
        names = {entry.name for entry in fields(cls)}
        wrong = sorted({str(name)[:40] for name in values.keys() ^ names})
        if wrong:
            raise InvalidRequest(
                f"a parked job's header has missing or unknown fields: {', '.join(wrong[:5])}"
            )
        _check(values)
        return cls(**values)


def kept_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a message that must survive parking, as `ParkedJob` takes them: publishers and
    brokers give a priority as text, or a timestamp as a date. What fits no way is left out."""
    kept: dict[str, Any] = {}
    for name in KEPT_PROPERTIES:
        value = properties.get(name)
        if isinstance(value, datetime):
            value = value.timestamp()
        if value is None or isinstance(value, bool):
            continue
        if name not in _NUMBERS:
            kept[name] = value if isinstance(value, (str, *_NUMBER)) else str(value)
        elif isinstance(value, _NUMBER):
            kept[name] = value
        elif isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
            kept[name] = int(value)
    return kept


def _check(values: dict[str, Any]) -> None:
    for name in ("park_id", "task_id", "task", "operation", "queue", "generation"):
        if not isinstance(values[name], str) or not values[name]:
            raise InvalidRequest(f"a parked job's header has no valid {name}")
    for name in ("window_id", "worker", "publication"):
        if not isinstance(values[name], str):
            raise InvalidRequest(f"a parked job's header has no valid {name}")
    if isinstance(values["retries"], bool) or not isinstance(values["retries"], int) or values["retries"] < 0:
        raise InvalidRequest("a parked job's header has no valid retries")
    moment = values["parked_at"]
    if isinstance(moment, bool) or not isinstance(moment, (int, float)) or not 0 <= moment < _LATEST:
        raise InvalidRequest("a parked job's header has no valid parked_at")
    for name in ("eta", "expires"):
        if values[name] is not None and not isinstance(values[name], str):
            raise InvalidRequest(f"a parked job's header has no valid {name}")
    _check_properties(values["properties"])


def _check_properties(properties: object) -> None:
    if not isinstance(properties, dict) or not properties.keys() <= set(KEPT_PROPERTIES):
        raise InvalidRequest("a parked job's header has no valid properties")
    for name, value in properties.items():
        fits = isinstance(value, _NUMBER) if name in _NUMBERS else isinstance(value, (str, *_NUMBER))
        if isinstance(value, bool) or not fits:
            raise InvalidRequest(f"a parked job's header has no valid {name} among its properties")
