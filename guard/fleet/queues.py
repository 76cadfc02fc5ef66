"""How long queues are, and whether they are there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from guard.fleet.broker import says_not_found

if TYPE_CHECKING:
    from collections.abc import Collection

    from celery import Celery

    from guard.fleet.broker import Broker

__all__ = ["Queues"]


class Queues:
    """The app's queues at the broker."""

    def __init__(self, app: Celery, broker: Broker) -> None:
        self._app = app
        self._broker = broker

    def close(self) -> None:
        """Close the connection to the broker."""
        self._broker.close()

    def length(self, name: str) -> int | None:
        """How many jobs wait there; None when the broker does not say, 0 when there is no such queue."""
        try:
            with self._broker.channel() as channel:
                if self._broker.is_redis:
                    return int(channel._size(name))  # noqa: SLF001 - sums the lists of all priorities
                return int(channel.queue_declare(name, passive=True).message_count)
        except self._broker.errors as error:
            return 0 if says_not_found(error) else None

    def is_there(self, name: str, consumed: Collection[str]) -> bool:
        """Whether a job published to this queue would lie in it and be taken from it some day.

        Args:
            consumed: queues that live workers consume.
        """
        if name in consumed:
            return True
        if self._broker.is_redis:  # any name is a list there: only the app's own queues are meant
            return name in self._app.amqp.queues
        with suppress(*self._broker.errors), self._broker.channel() as channel:
            channel.queue_declare(name, passive=True)
            return True
        if name not in self._app.amqp.queues:
            return False
        with suppress(*self._broker.errors), self._broker.channel() as channel:
            self._app.amqp.queues[name](channel).declare()
            return True
        return False
