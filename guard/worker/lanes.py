"""Who takes jobs that may pass while closed: each worker, from the lanes beside its queues.

Lanes are taken from as soon as the gate has closed, and then until the worker's connection ends: what was
published in the moment in which the gate opened is not left there. A worker that connects while the gate is
open looks once whether something lies in its lanes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from guard.core.lanes import lane_of
from guard.core.modes import Gate
from guard.gates.inner_celery import is_stopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from kombu import Queue

    from guard.gates.inner_celery import Consumer
    from guard.gates.runtime import Runtime

__all__ = ["Lanes"]

log = logging.getLogger(__name__)


class Lanes:
    """The lanes of one worker. Main thread only.

    Args:
        make_queue: gives a durable queue of the guard's by its name.
        waiting: how many jobs wait in a queue; None when nobody can say.
        in_use: whether a bypass can be given, or a task has steps that go on while a window drains.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        make_queue: Callable[[str], Queue],
        waiting: Callable[[str], int | None],
        in_use: Callable[[], bool],
    ) -> None:
        self._runtime = runtime
        self._make_queue = make_queue
        self._waiting = waiting
        self._in_use = in_use
        self._consumer: Consumer | None = None
        self._names: list[str] = []

    def attach(self, consumer: Consumer) -> None:
        """A new consumer, not yet consuming."""
        if not self._in_use():
            return
        self._consumer = consumer
        self._names = [lane_of(queue.name) for queue in consumer.task_consumer.queues]
        is_open = self._runtime.view_of_page() is Gate.OPEN
        lanes = [name for name in self._names if not is_open or self._waiting(name) != 0]
        self._add(consumer.task_consumer, lanes)

    def follow(self) -> None:
        """The gate has changed."""
        if self._consumer is None or is_stopping(self._consumer):
            return
        consumer = self._consumer.task_consumer
        closed = self._runtime.view_of_page() in {Gate.NORMAL, Gate.EMERGENCY}
        if consumer is not None and closed and self._add(consumer, self._names):
            consumer.consume()

    def _add(self, consumer: Any, names: list[str]) -> bool:
        new = set(names) - {queue.name for queue in consumer.queues}
        for name in sorted(new):
            consumer.add_queue(self._make_queue(name))
            log.info("takes jobs that may pass from %s", name)
        return bool(new)
