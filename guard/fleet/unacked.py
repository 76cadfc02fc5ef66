"""What workers have taken from Redis and not acknowledged, in kombu's own form.

A hash: delivery tag → JSON of message, exchange and routing key. Others may have written to it too: an entry
that is none is left alone, and hides no other.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from kombu.utils.encoding import bytes_to_str

from guard.core.plain import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Entry", "unacked"]

log = logging.getLogger(__name__)

_AT_ONCE = 500


class Entry(NamedTuple):
    """One delivery. `message` is as it lies in the queue; `task_id` is empty for what is no job of Celery."""

    tag: str
    message: dict[str, Any]
    exchange: str
    routing_key: str

    @property
    def task_id(self) -> str:
        """In both of Celery's protocols the correlation id too."""
        properties = self.message.get("properties")
        task_id = properties.get("correlation_id") if isinstance(properties, dict) else None
        return task_id if isinstance(task_id, str) else ""


def unacked(channel: Any) -> Iterator[Entry]:
    """All of them, a few hundred at a time. Raises what the broker raises."""
    with channel.conn_or_acquire() as client:
        for tag, text in client.hscan_iter(channel.unacked_key, count=_AT_ONCE):
            entry = _entry(bytes_to_str(tag), text)
            if entry is None:
                log.warning("an unacknowledged message that is none is left alone: %.60s", bytes_to_str(tag))
            else:
                yield entry


def _entry(tag: str, text: str | bytes) -> Entry | None:
    try:
        message, exchange, routing_key, *_ = read_json(text)
    except (ValueError, TypeError):
        return None
    if not isinstance(message, dict) or not isinstance(exchange, str) or not isinstance(routing_key, str):
        return None
    return Entry(tag, message, exchange, routing_key)
