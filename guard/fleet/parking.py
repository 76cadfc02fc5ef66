"""Who parks: puts a copy of a blocked job into the parking queue, confirmed by the broker."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.core.counts import Count
from guard.core.headers import COPY_HEADER, PARKED_HEADER
from guard.core.named_events import EventName
from guard.errors import ParkingFailed, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kombu.message import Message

    from guard.core.counts import Counts
    from guard.core.named_events import Announces
    from guard.core.parked import ParkedJob
    from guard.fleet.broker import Broker
    from guard.ports import ParkedIndex

__all__ = ["ParkingLot"]

log = logging.getLogger(__name__)


class ParkingLot:
    """Parks messages.

    The order of steps makes a crash harmless: mark the delivery, publish the copy with confirmation,
    confirm the mark; the caller acknowledges the original last. A crash between two of them leaves
    the original with the broker, which delivers it again; the mark then tells that it is already
    parked, or that its copy is the second one.

    Args:
        describe: what the message says about itself: task id, task, retries, publication, generation.
        window_id: the current window; empty when none is open or being released.
        announce: told of each job.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        queue: str,
        index: ParkedIndex,
        describe: Callable[[Message], tuple[str, str, int, str, str]],
        window_id: Callable[[], str],
        count: Counts,
        announce: Announces,
    ) -> None:
        self._broker = broker
        self._queue_name = queue
        self._index = index
        self._describe = describe
        self._window_id = window_id
        self._count = count
        self._announce = announce

    def park(self, message: Message, *, queue: str, operation: str, worker: str, attempt: str = "") -> str:
        """Park a copy of this message, and give its park id; empty when this is itself a second copy.
        Afterwards the original may be acknowledged.

        Args:
            attempt: names the run of the job that is parked again, for a job that was acknowledged before
                it ran: its copy must not be taken for one that an earlier window parked and dropped.

        Raises:
            ParkingFailed: the broker did not confirm, or the copy will be dropped; nothing may be
                acknowledged.
        """
        job = self._job(message, queue=queue, operation=operation, worker=worker)
        if attempt:
            job = replace(job, generation=attempt)
        released = message.headers.get(COPY_HEADER)
        if isinstance(released, dict) and not self._claim(released):
            self._count(Count.DUPLICATE, operation)
            self._announce(EventName.JOB_DUPLICATE, **job.told)
            return ""
        job, already_parked = self._begin(job)
        if already_parked:
            log.info("job %s is already parked", job.task_id)
            return job.park_id
        self._publish(message, job)
        try:
            if not self._index.parked(job):
                raise ParkingFailed(f"job {job.task_id} came again and was to run while it was parked")
        except StoreError as error:
            log.warning("job %s is parked, but not in the index: %s", job.task_id, error)
        if job.window_id:  # the same window as at its release: one that is over must not miss it
            self._count(Count.PARKED, operation, window_id=job.window_id)
        self._announce(EventName.JOB_PARKED, **job.told, retries=job.retries)
        return job.park_id

    def _job(self, message: Message, *, queue: str, operation: str, worker: str) -> ParkedJob:
        task_id, task, retries, publication, generation = self._describe(message)
        from guard.core.parked import ParkedJob, kept_properties

        return ParkedJob(
            park_id=uuid.uuid4().hex,
            task_id=task_id,
            task=task,
            operation=operation,
            queue=queue,
            retries=retries,
            publication=publication,
            generation=generation,
            parked_at=time.time(),
            window_id=self._window_id(),
            worker=worker,
            eta=_text(message.headers.get("eta")),
            expires=_text(message.headers.get("expires")),
            properties=kept_properties(message.properties),
        )

    def _claim(self, released: dict[str, Any]) -> bool:
        try:
            return self._index.claim(str(released.get("park_id")), str(released.get("copy")))
        except StoreError:
            return True

    def _begin(self, job: ParkedJob) -> tuple[ParkedJob, bool]:
        try:
            park_id, already_parked = self._index.begin(job)
        except StoreError as error:
            log.warning("the index of parked jobs does not answer, parking all the same: %s", error)
            return job, False
        return replace(job, park_id=park_id), already_parked

    def _publish(self, message: Message, job: ParkedJob) -> None:
        headers: dict[str, Any] = {
            name: value for name, value in message.headers.items() if name != COPY_HEADER
        }
        compression = headers.pop("compression", None)
        headers[PARKED_HEADER] = job.to_header()
        queue = self._broker.queue(self._queue_name)
        try:
            with self._broker.channel():
                producer = self._broker.connection.Producer(serializer=None)
                producer.publish(
                    message.body,
                    exchange="",
                    routing_key=queue.name,
                    declare=[queue],
                    headers=headers,
                    content_type=message.content_type,
                    content_encoding=message.content_encoding,
                    compression=compression,
                    delivery_mode=2,
                    correlation_id=message.properties.get("correlation_id"),
                    reply_to=message.properties.get("reply_to"),
                    retry=True,
                    retry_policy={"max_retries": 2, "interval_start": 0.05, "interval_max": 0.5},
                )
        except self._broker.errors as error:
            raise ParkingFailed(
                f"the broker did not confirm parked job {job.task_id} ({type(error).__name__})"
            ) from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
