"""The guard's places in Celery's start-up.

`GuardStep` is made before the pool forks (it makes the shared page) and started after it, before the
consumer: the agent's first renewal comes before the first fetch. `CordonStep` runs at each
(re)connection, after the task consumer is made and before it consumes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import bootsteps

if TYPE_CHECKING:
    from guard.gates.inner_celery import Consumer, WorkController
    from guard.worker.resident import Resident

__all__ = ["resident_steps"]

log = logging.getLogger(__name__)


def resident_steps(resident: Resident) -> tuple[type[bootsteps.StartStopStep], type[bootsteps.StartStopStep]]:
    """The two steps of one app: Celery wants classes and makes the instances itself."""

    class GuardStep(bootsteps.StartStopStep):
        """Shared page, self-test, agent."""

        name = "Guard"
        requires = ("celery.worker.components:Pool",)

        def __init__(self, worker: WorkController, **options: Any) -> None:
            super().__init__(worker, **options)
            resident.prepare(worker)

        def start(self, worker: WorkController) -> None:
            resident.start(worker)

        def terminate(self, worker: WorkController) -> None:  # noqa: ARG002 - Celery's signature
            resident.stop()

        # No `stop`: in a warm shutdown this step would be stopped before the pool, whose jobs may run
        # for minutes more. The agent answers until `worker_shutdown`, when they have ended.

    class CordonStep(bootsteps.StartStopStep):
        """The cordon, before the first fetch."""

        name = "Cordon"
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Consumer) -> None:
            resident.attach(consumer)

    return GuardStep, CordonStep
