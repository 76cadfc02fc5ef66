"""Who tells of single jobs: in a worker its own dispatcher, in any other process a sender of its own."""

from __future__ import annotations

import functools
import logging
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.bootstrap.wiring import Wiring
    from guard.core.events import JobEvent
    from guard.fleet.event_sender import EventSender
    from guard.worker.dispatching import WorkerEvents

__all__ = ["Telling"]

log = logging.getLogger(__name__)


class Telling:
    """Tells of the jobs of one app. Nothing of it is loaded before there is something to tell."""

    def __init__(self, wiring: Wiring) -> None:
        self._app = wiring.app
        self._runtime = wiring.runtime
        self._is_on = wiring.settings.guard_events
        self._wiring = wiring

    def __call__(self, event: JobEvent, task_id: str, task: str, /, **fields: Any) -> None:
        """Tell of one job; see `guard.core.events.Tells`."""
        if not self._is_on:
            return
        from_worker = self._runtime.is_worker and not self._runtime.is_pool_child
        try:
            if not from_worker and not self._sender.has_room:  # asked first: in a storm this is all
                return
            fields = {"uuid": task_id or str(uuid.uuid4()), "name": task, **fields}
            if from_worker:
                self._from_worker(event, fields)
            else:
                self._sender.offer(event, fields)
        except Exception as error:  # noqa: BLE001 - an event is never a reason to fail what it tells of
            log.debug("event %s of job %s is not sent: %s", event.value, task_id, error)

    def close(self) -> None:
        """Send what waits, and end."""
        if "_sender" in self.__dict__:
            self._sender.close()

    def _from_worker(self, event: JobEvent, fields: dict[str, Any]) -> None:
        resident = self._wiring.resident
        consumer = resident.receipt.consumer if resident is not None else None
        if consumer is not None:
            self._events.dispatch(consumer, event, fields)

    @functools.cached_property
    def _events(self) -> WorkerEvents:
        from guard.worker.dispatching import WorkerEvents

        return WorkerEvents()

    @functools.cached_property
    def _sender(self) -> EventSender:
        from guard.fleet.event_sender import EventSender

        return EventSender(self._app)
