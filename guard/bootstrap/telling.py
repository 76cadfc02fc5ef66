"""Who tells Celery's monitors of single jobs, of which it hears as named events: in a worker its own
dispatcher, in any other process a sender of its own."""

from __future__ import annotations

import functools
import logging
import uuid
from typing import TYPE_CHECKING, Any

from guard.core.events import JobEvent
from guard.core.named_events import EventName

if TYPE_CHECKING:
    from guard.bootstrap.wiring import Wiring
    from guard.core.named_events import NamedEvent
    from guard.fleet.event_sender import EventSender
    from guard.worker.dispatching import WorkerEvents

__all__ = ["TOLD", "Telling"]

log = logging.getLogger(__name__)

TOLD = {
    EventName.JOB_REFUSED: JobEvent.REFUSED,
    EventName.JOB_HELD: JobEvent.HELD,
    EventName.JOB_PARKED: JobEvent.PARKED,
    EventName.JOB_RELEASED: JobEvent.RELEASED,
    EventName.JOB_DISCARDED: JobEvent.DISCARDED,
    EventName.JOB_INTERRUPTED: JobEvent.INTERRUPTED,
    EventName.JOB_KILLED: JobEvent.KILLED,
}
"""What is told, and as what. Of the other ways to end Celery tells itself."""


class Telling:
    """Tells of the jobs of one app. Nothing of it is loaded before there is something to tell."""

    def __init__(self, wiring: Wiring) -> None:
        self._app = wiring.app
        self._runtime = wiring.runtime
        self._is_on = wiring.settings.guard_events
        self._wiring = wiring

    def __call__(self, event: NamedEvent) -> None:
        """Tell of one job. Never waits for anything, and never raises."""
        if not self._is_on:
            return
        from_worker = self._runtime.is_worker and not self._runtime.is_pool_child
        try:
            if not from_worker and not self._sender.has_room:  # asked first: in a storm this is all
                return
            fields = event.fields
            if event.name is EventName.JOB_HELD and fields["queue"] is None and self._runtime.is_worker:
                return  # the next step of a running job: it is told of when a worker holds it
            task_id = fields["task_id"] or str(uuid.uuid4())
            told = {"uuid": task_id, "name": fields["task"], **_as_celery(event)}
            if from_worker:
                self._from_worker(TOLD[event.name], told)
            else:
                self._sender.offer(TOLD[event.name], told)
        except Exception as error:  # noqa: BLE001 - an event is never a reason to fail what it tells of
            log.debug("%s is not sent: %s", event.name, error)

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


def _as_celery(event: NamedEvent) -> dict[str, Any]:
    """Its fields under the names that Celery's own events use; those that its monitors show."""
    fields = event.fields
    match event.name:
        case EventName.JOB_REFUSED:
            return {
                "exception": f"{fields['refusal']}: {fields['told']}",
                "operation": fields["operation"],
            }
        case EventName.JOB_HELD | EventName.JOB_PARKED:
            told = {"operation": fields["operation"]}
            if fields["queue"] is not None:
                told |= {"retries": fields["retries"], "routing_key": fields["queue"]}
            return told
        case EventName.JOB_INTERRUPTED | EventName.JOB_KILLED:
            return {"exception": f"ended by maintenance: {fields['reason']}; it is {fields['went']}"}
        case _:
            return {"routing_key": fields["queue"]}
