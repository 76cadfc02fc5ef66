"""Which queues each worker consumes, asked and changed by Celery's remote control.

`active_queues` does not name queues that are cordoned, and lanes that are nobody's choice; so guarded workers
answer a question of ours (`guard.worker.panel`). Workers of an older release do not: unknown.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from guard.core.agents import QUEUES_QUESTION
from guard.core.difference import Consume
from guard.core.found import Consumer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from celery import Celery

    from guard.core.difference import StopConsuming
    from guard.fleet.broker import Broker

__all__ = ["RemoteConsumption"]

log = logging.getLogger(__name__)

_SECONDS = 2.0
"""A worker with a thread or solo pool looks every second."""


class RemoteConsumption:
    """The workers of one app."""

    def __init__(self, app: Celery, broker: Broker) -> None:
        self._app = app
        self._broker = broker

    def ask(self, nodes: Collection[str]) -> dict[str, Consumer] | None:
        if not nodes:
            return {}
        destination = sorted(set(nodes))
        try:
            replies: list[dict[str, Any]] = (
                self._app.control.broadcast(
                    QUEUES_QUESTION,
                    destination=destination,
                    reply=True,
                    timeout=_SECONDS,
                    limit=len(nodes),
                )
                or []
            )
        except self._broker.errors as error:
            log.warning("workers cannot be asked for their queues (%s)", type(error).__name__)
            return None
        found = {}
        for reply in replies:
            for node, answer in reply.items():
                if isinstance(answer, dict) and "agent_id" in answer:
                    queues = tuple(str(name) for name in answer["queues"])
                    found[str(answer["agent_id"])] = Consumer(node=node, queues=queues)
        return found

    def tell(self, undo: Consume | StopConsuming) -> str:
        control = self._app.control
        command: Callable[..., Any] = (
            control.add_consumer if isinstance(undo, Consume) else control.cancel_consumer
        )
        try:
            replies = command(undo.queue, destination=[undo.node], reply=True, timeout=_SECONDS, limit=1)
        except self._broker.errors as error:
            return f"the broker does not answer ({type(error).__name__})"
        answers = [answer for reply in replies or () for answer in reply.values()]
        if not answers:
            return f"{undo.node} does not answer"
        refused = [answer["error"] for answer in answers if isinstance(answer, dict) and "error" in answer]
        return f"{undo.node} says {str(refused[0])[:200]!r}" if refused else ""
