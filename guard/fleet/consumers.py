"""Consumers without a guard: workers of an older release, other languages, plain kombu programs.

They take jobs whatever the guard says, so `enable()` must name them. Redis tells all connections and
the last command of each (``CLIENT LIST``); a guarded worker names its connections, the others that
wait in BRPOP are suspects. RabbitMQ tells how many consumers a queue has; a cordoned queue should
have none. Suspects are then asked for their names over Celery's own remote control.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from guard.fleet.broker import BROKER_CLIENT_NAME, says_not_found

if TYPE_CHECKING:
    from collections.abc import Collection

    from celery import Celery

    from guard.fleet.broker import Broker

__all__ = ["Consumers"]

log = logging.getLogger(__name__)

_WAITING = frozenset({"brpop", "blpop", "brpoplpush", "blmove", "bzpopmin", "bzmpop", "blmpop"})
_ASK_SECONDS = 0.7


class Consumers:
    """Looks for consumers without a guard."""

    def __init__(self, app: Celery, broker: Broker) -> None:
        self._app = app
        self._broker = broker

    def unguarded(self, *, guarded_queues: Collection[str], known_nodes: Collection[str]) -> list[str] | None:
        """Consumers that the guard does not know, as people call them; None when it cannot be told.

        Args:
            guarded_queues: queues that should have no consumer now.
            known_nodes: node names of registered workers.
        """
        try:
            suspects = self._on_redis() if self._broker.is_redis else self._on_amqp(guarded_queues)
        except self._failures as error:
            log.warning("cannot tell whether there are consumers without a guard (%s)", type(error).__name__)
            return None
        if not suspects:
            return []
        named = self._ask(guarded_queues, known_nodes)
        return named or suspects

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        return (RedisError, *self._broker.errors)

    def _on_redis(self) -> list[str]:
        from redis import Redis

        with self._broker.channel() as channel:
            clients: list[dict[str, Any]] = Redis(connection_pool=channel.pool).client_list()
            database = str(channel.pool.connection_kwargs.get("db") or 0)
        return [
            f"connection {client.get('name') or client.get('addr')} (waits in {client['cmd']})"
            for client in clients
            if client.get("cmd", "").partition("|")[0] in _WAITING
            and client.get("db") == database
            and not client.get("name", "").startswith(BROKER_CLIENT_NAME)
        ]

    def _on_amqp(self, queues: Collection[str]) -> list[str]:
        found = []
        for name in queues:
            try:
                with self._broker.channel() as channel:
                    count = int(channel.queue_declare(name, passive=True).consumer_count)
            except self._broker.errors as error:
                if says_not_found(error):
                    continue
                raise
            if count:
                found.append(f"{count} consumer{'s' if count != 1 else ''} of queue {name}")
        return found

    def _ask(self, queues: Collection[str], known_nodes: Collection[str]) -> list[str]:
        """Names of nodes that answer remote control, consume a guarded queue, and are not registered."""
        replies = self._app.control.inspect(timeout=_ASK_SECONDS).active_queues() or {}
        return sorted(
            node
            for node, active in replies.items()
            if node not in known_nodes and (not queues or any(queue["name"] in queues for queue in active))
        )
