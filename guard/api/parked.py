"""`Guard.parked`: the parked jobs of an app, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.api.journal import note
from guard.core.counts import Count
from guard.core.named_events import EventName
from guard.errors import NotParked, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api.parts import Parts
    from guard.core.parked import ParkedJob

__all__ = ["Parked"]


class Parked:
    """The parked jobs of an app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __len__(self) -> int:
        """How many messages lie in the parking queue, by the broker's count."""
        return self._parts.broker.length(self._parts.settings.guard_parked_queue)

    def list(self, limit: int = 100) -> list[ParkedJob]:
        """Parked jobs, oldest first, from the index."""
        return self._parts.stores.index.jobs(limit)

    def get(self, task_id: str) -> ParkedJob | None:
        """One parked job, or None; None too when the index does not answer."""
        try:
            return self._parts.stores.index.job(task_id)
        except StoreError:
            return None

    def release(self, task_id: str, *, by: str) -> ParkedJob:
        """Give one job back now, whatever the gate says. If it is closed, the job waits in its queue,
        or is parked again.

        Raises:
            NotParked: no parked job has this id.
        """
        from guard.core.release import rule

        now = self._parts.clock.wall()

        def give_back(queue: Any, message: Any) -> bool:
            job = message.job
            ruling = rule(
                job, known_tasks={job.task}, policy=self._parts.settings.guard_expired_jobs, now=now
            )
            return bool(queue.give_back(message, ruling))

        return self._take(task_id, give_back, Count.RELEASED, "release one", by)

    def discard(self, task_id: str, *, by: str) -> ParkedJob:
        """Drop one job for good; the journal says who did. Its caller will wait in vain.

        Raises:
            NotParked: no parked job has this id.
        """
        return self._take(
            task_id, lambda queue, message: bool(queue.discard(message)), Count.DISCARDED, "discard", by
        )

    def _take(
        self, task_id: str, take: Callable[[Any, Any], bool], count: Count, action: str, by: str
    ) -> ParkedJob:
        from guard.fleet.parked_queue import parked_queue

        parts = self._parts
        queue = parked_queue(parts.broker, parts.settings.guard_parked_queue)
        with queue.session() as messages:
            for message in messages:
                job = message.job
                if job is not None and job.task_id == task_id and take(queue, message):
                    parts.stores.index.gone(job)
                    parts.count_now(job.window_id, count, job.operation)
                    if count is Count.RELEASED:
                        parts.announcer.announce(EventName.JOB_RELEASED, **job.told)
                    else:
                        parts.announcer.announce(EventName.JOB_DISCARDED, **job.told, by=by)
                    detail = {"task_id": job.task_id, "task": job.task, "window_id": job.window_id}
                    note(parts, action, by=by, detail=detail)
                    return job
        raise NotParked(task_id)
