"""One connection to the app's broker, for the guard's own publishing, with confirmation.

It is not Celery's producer pool: an app may run that without confirms, and a parked job that the
broker did not confirm is not parked.
"""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from kombu import Connection, Queue
from kombu.exceptions import KombuError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Celery

__all__ = ["BROKER_CLIENT_NAME", "REDIS_SCHEMES", "Broker", "says_not_found"]

BROKER_CLIENT_NAME = "guarded-worker"
"""How guarded workers name their connections, where the broker shows names."""
REDIS_SCHEMES = ("redis", "unix", "sentinel")
"""How addresses of Redis begin, in all of kombu's forms."""
_NOT_FOUND = "404"
"""AMQP's reply code when there is no such queue."""
_TIMEOUT_SECONDS = 5.0
_FAIL_SOON = {"max_retries": 1, "interval_start": 0.05, "interval_step": 0.1, "interval_max": 0.2}
"""kombu's default tries for six seconds, which is long for a person who asks for the status."""


def says_not_found(error: Exception) -> bool:
    """Whether an error of a broker means that there is no such queue. AMQP brokers say so by the class of the
    error, kombu's own in memory by its reply."""
    return _NOT_FOUND in {str(getattr(error, name, "")) for name in ("code", "reply_code")}


class Broker:
    """A lazily made, re-made after failure, never shared across fork connection."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._pid = 0
        _BROKERS.add(self)

    def renew_lock(self) -> None:
        """After a fork: a thread of the parent may have held it, and nobody here would free it."""
        self._lock = threading.RLock()

    @property
    def is_redis(self) -> bool:
        """Whether jobs lie in lists of a Redis server."""
        return self._driver == "redis"

    @property
    def is_amqp(self) -> bool:
        """Whether jobs lie in queues of an AMQP 0-9-1 server, as RabbitMQ is one."""
        return self._driver == "amqp"

    @property
    def _driver(self) -> str:
        return str(self._any_connection().transport.driver_type)

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel for one piece of work. After an error the connection is made anew next time."""
        with self._lock:
            connection = self._connect()
            try:
                yield connection.default_channel
            except Exception:
                self.close()
                raise

    @property
    def connection(self) -> Connection:
        """The connection. Use it only inside `channel`."""
        return self._connect()

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What a broker that is away, or refuses, raises."""
        connection = self._any_connection()
        transport = (*connection.connection_errors, *connection.channel_errors)
        return (*transport, OperationalError, KombuError, OSError)

    def queue(self, name: str) -> Queue:
        """A durable queue of ours. It is a quorum queue where the app's own queues are."""
        kind = self._app.conf.task_default_queue_type
        arguments = {"x-queue-type": "quorum"} if kind == "quorum" else None
        return Queue(name, routing_key=name, durable=True, queue_arguments=arguments)

    def length(self, name: str) -> int:
        """How many messages lie in a queue of ours, which is made if it is not there."""
        with self.channel() as channel:
            if self.is_redis:
                return int(channel._size(name))  # noqa: SLF001 - sums the lists of all priorities
            declared: Any = self.queue(name)(channel).queue_declare(nowait=False)
            return int(declared.message_count)

    def close(self) -> None:
        """Close the connection; the next use makes a new one."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None and self._pid == os.getpid():
                with suppress(*self.errors):
                    connection.release()

    def _connect(self) -> Connection:
        if self._connection is None or self._pid != os.getpid():
            self._connection = self._fresh_connection()
            self._pid = os.getpid()
        return self._connection

    def _any_connection(self) -> Connection:
        """For questions about its kind: no lock, since whoever asks may just be told that another waits."""
        held = self._connection
        return held if held is not None and self._pid == os.getpid() else self._fresh_connection()

    def _fresh_connection(self) -> Connection:
        options = {**self._app.conf.broker_transport_options, "confirm_publish": True, **_FAIL_SOON}
        if "socket_timeout" not in options:
            options["socket_timeout"] = _TIMEOUT_SECONDS
        if not str(self._app.conf.broker_write_url or self._app.conf.broker_url).startswith(REDIS_SCHEMES):
            options.pop("socket_timeout")
        return self._app.connection_for_write(transport_options=options, connect_timeout=_TIMEOUT_SECONDS)


_BROKERS: weakref.WeakSet[Broker] = weakref.WeakSet()


def _after_fork() -> None:
    for broker in list(_BROKERS):
        broker.renew_lock()


os.register_at_fork(after_in_child=_after_fork)
