"""The cordon: queues that carry only blocked work are not consumed from while closed.

Nothing is stored: the cordon follows the gate. It is applied to a new consumer before its first
fetch, so a restart or a reconnect under maintenance takes nothing (F44, F68).
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from guard.core.cordon import queues_to_cordon
from guard.core.lanes import is_lane
from guard.gates.inner_celery import is_stopping

if TYPE_CHECKING:
    from celery import Celery
    from kombu import Queue

    from guard.core.operations import OperationKind
    from guard.gates.classify import Classifier
    from guard.gates.inner_celery import Consumer
    from guard.gates.messages import QueueNames
    from guard.gates.runtime import Runtime
    from guard.settings import Settings

__all__ = ["Cordon", "carried_by"]

log = logging.getLogger(__name__)


class Cordon:
    """The cordon of one worker. Changes happen in the main thread only, where the consumer lives."""

    def __init__(
        self, *, runtime: Runtime, classifier: Classifier, settings: Settings, names: QueueNames
    ) -> None:
        self._runtime = runtime
        self._classifier = classifier
        self._settings = settings
        self._names = names
        self._consumer: Consumer | None = None
        self._carries: dict[str, frozenset[OperationKind]] = {}
        self._taken: dict[str, tuple[Queue, bool]] = {}
        """Cordoned queues, and whether they were chosen when they were cordoned."""
        self._main = threading.get_ident()

    @property
    def cordoned(self) -> tuple[str, ...]:
        """Queues that nothing is taken from now."""
        return tuple(sorted(self._taken))

    def attach(self, consumer: Consumer) -> None:
        """A new consumer, not yet consuming: work out what its queues carry, and apply the cordon."""
        self._main = threading.get_ident()
        self._consumer = consumer
        self._taken = {}
        names = [queue.name for queue in consumer.task_consumer.queues if not is_lane(queue.name)]
        self._carries = carried_by(consumer.app, self._classifier, names)
        self.apply()

    def apply(self) -> None:
        """Make the consumer follow the gate. Main thread only."""
        consumer = self._consumer
        if consumer is None or consumer.task_consumer is None:
            return
        wanted = self._wanted()
        for name in sorted(wanted - self._taken.keys()):
            self._cordon(consumer, name)
        if not is_stopping(consumer):
            for name in sorted(self._taken.keys() - wanted):
                self._uncordon(consumer, name)

    def covers(self, queue: str) -> bool:
        if queue not in self._wanted():
            return False
        consumer = self._consumer
        if threading.get_ident() != self._main or consumer is None or consumer.task_consumer is None:
            return True
        # Also when an operator added a cordoned queue again: requeueing would spin otherwise.
        if queue not in self._taken or consumer.task_consumer.consuming_from(queue):
            self._cordon(consumer, queue)
        return True

    def _wanted(self) -> frozenset[str]:
        return queues_to_cordon(
            self._carries,
            self._runtime.view_of_page(),
            scope=self._runtime.scope(),
            always=self._settings.hold_queues,
            never=self._settings.mixed_queues,
        )

    def _cordon(self, consumer: Consumer, name: str) -> None:
        queues = {queue.name: queue for queue in consumer.task_consumer.queues}
        if name in queues:
            self._names.remember(consumer)
            self._taken[name] = (queues[name], name in consumer.app.amqp.queues.consume_from)
            consumer.task_consumer.cancel_by_queue(name)
            log.info("cordoned queue %s", name)

    def _uncordon(self, consumer: Consumer, name: str) -> None:
        queue, was_chosen = self._taken.pop(name)
        if was_chosen and name not in consumer.app.amqp.queues.consume_from:
            log.info("queue %s stays as it is: its consumer was cancelled by hand meanwhile", name)
        elif not consumer.task_consumer.consuming_from(name):
            consumer.task_consumer.add_queue(queue)
            consumer.task_consumer.consume()
            log.info("uncordoned queue %s", name)


def carried_by(app: Celery, classifier: Classifier, queues: list[str]) -> dict[str, frozenset[OperationKind]]:
    """For each queue the operations of the tasks that the app's routes send there.

    Built-in tasks are left out: those that carry a job follow it, and housekeeping can wait.
    """
    carries: dict[str, set[OperationKind]] = {name: set() for name in queues}
    for name in app.tasks:
        if name.startswith("celery."):
            continue
        queue_name = classifier.routed(name)
        if queue_name in carries:
            carries[queue_name].add(classifier.task(name, queue=queue_name))
    return {name: frozenset(kinds) for name, kinds in carries.items()}
