"""One look for jobs that were accepted and are nowhere. See `guard.core.ledger` for the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from guard.core.ledger import LostJob, due_before, judge
from guard.core.named_events import EventName

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.ledger import LedgerEntry
    from guard.core.named_events import Announces
    from guard.ports import Clock, Ledger, LedgerBooks, ParkedIndex

__all__ = ["LedgerSweep"]

_NEXT = 100
_AT_ONCE = 1000
"""More are overdue only when a fleet has died as a whole; the next sweep takes the next ones."""


class Looks(Protocol):
    """Who looks into the broker."""

    @property
    def can_look(self) -> bool: ...
    @property
    def errors(self) -> tuple[type[Exception], ...]: ...
    def next(self, queue: str, number: int) -> list[list[str]]: ...
    def everything(self, queue: str) -> set[str]: ...
    def unacknowledged(self) -> set[str]: ...


class LedgerSweep:
    """Finds lost jobs.

    Args:
        has_result: whether the result backend knows how a job ended. Its end may not have reached the ledger,
            if its process was killed right then.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        books: LedgerBooks,
        broker: Looks,
        index: ParkedIndex,
        has_result: Callable[[str], bool],
        clock: Clock,
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._ledger = ledger
        self._books = books
        self._broker = broker
        self._index = index
        self._has_result = has_result
        self._clock = clock

    def sweep(self) -> list[LostJob]:
        """Look once; those that were nowhere the last time either are lost.

        Raises:
            StoreError: a store did not answer. Nothing was given up.
        """
        if not self._broker.can_look:
            return []
        try:
            absent = [entry for queue in self._books.queues() for entry in self._absent(queue)]
        except self._broker.errors as error:
            self._announce(
                EventName.STORE_FAILED,
                store="broker",
                doing="the ledger is not reconciled",
                why=type(error).__name__,
            )
            return []
        suspects, lost = judge(absent, self._books.suspected())
        self._books.suspect(suspects)
        found = [LostJob(entry=entry, found_at=self._clock.wall()) for entry in lost]
        ended = {job.entry.task_id for job in found if self._has_result(job.entry.task_id)}
        for task_id in ended:
            self._ledger.ended(task_id)
        found = [job for job in found if job.entry.task_id not in ended]
        if found:
            self._books.lose(found)
        for job in found:
            entry = job.entry
            self._announce(EventName.JOB_LOST, task_id=entry.task_id, task=entry.task, queue=entry.queue)
        return found

    def _absent(self, queue: str) -> list[LedgerEntry]:
        """Overdue jobs of a queue that are with no worker, not parked, and not in the queue."""
        heads = self._broker.next(queue, _NEXT)
        known = self._books.accepted_at(queue, [task_id for ids in heads for task_id in ids])
        before = due_before(heads, known, now=self._clock.wall())
        overdue = self._books.oldest(queue, before, _AT_ONCE) if before is not None else []
        if not overdue:
            return []
        running = self._books.runners([entry.task_id for entry in overdue])
        overdue = [entry for entry in overdue if entry.task_id not in running]
        # Each is asked only for what the one before has left over.
        for elsewhere in (self._broker.unacknowledged, self._parked_of(overdue), self._in_queue(queue)):
            if overdue:
                there = elsewhere()
                overdue = [entry for entry in overdue if entry.task_id not in there]
        return overdue

    def _parked_of(self, entries: list[LedgerEntry]) -> Callable[[], set[str]]:
        ids = [entry.task_id for entry in entries]
        return lambda: {task_id for task_id in ids if self._index.job(task_id) is not None}

    def _in_queue(self, queue: str) -> Callable[[], set[str]]:
        return lambda: self._broker.everything(queue)
