"""Which jobs wait in Redis, by their ids: next to be taken, in a whole queue, or unacknowledged.

RabbitMQ lets nobody look into a queue without taking from it. There nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.plain import read_json
from guard.fleet.unacked import unacked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.fleet.broker import Broker

__all__ = ["Waiting"]

_AT_ONCE = 500


class Waiting:
    """Looks into the app's queues at the broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What a broker that is away raises."""
        return self._broker.errors

    @property
    def can_look(self) -> bool:
        """Whether this broker lets anybody look."""
        return self._broker.is_redis

    def next(self, queue: str, number: int) -> list[list[str]]:
        """For each list of a queue that is not empty (one per priority): the ids that are taken next."""
        with self._broker.channel() as channel, channel.conn_or_acquire() as client:
            texts = [client.lrange(key, -number, -1) for key in _lists(channel, queue)]
        return [_ids(reversed(some)) for some in texts if some]

    def everything(self, queue: str) -> set[str]:
        """The ids of all jobs in a queue, a few hundred at a time. Some may be taken meanwhile."""
        found: set[str] = set()
        with self._broker.channel() as channel, channel.conn_or_acquire() as client:
            for key in _lists(channel, queue):
                # From the end that is filled: what is taken meanwhile moves nothing that is still to be seen.
                first = 0
                while texts := client.lrange(key, first, first + _AT_ONCE - 1):
                    found.update(_ids(texts))
                    first += len(texts)
        return found

    def unacknowledged(self) -> set[str]:
        """The ids of all jobs that a worker has taken and not acknowledged, from whichever queue."""
        with self._broker.channel() as channel:
            return {entry.task_id for entry in unacked(channel)} - {""}


def _lists(channel: Any, queue: str) -> list[str]:
    """The lists of a queue: kombu keeps one per priority."""
    return [channel._q_for_pri(queue, step) for step in channel.priority_steps]  # noqa: SLF001 - kombu's own names


def _ids(texts: Iterable[str | bytes]) -> list[str]:
    """The ids of the jobs in messages: in both of Celery's protocols it is the correlation id too. What is no
    job of Celery has none."""
    found = []
    for text in texts:
        try:
            task_id = read_json(text)["properties"]["correlation_id"]
        except (ValueError, TypeError, KeyError):
            continue
        if isinstance(task_id, str):
            found.append(task_id)
    return found
