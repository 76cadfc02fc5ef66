"""The ledger of accepted jobs in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from guard.core.ledger import LedgerEntry, LostJob

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """As `RedisLedger`, without a server.

    Args:
        agents: ids of the registered agents.
    """

    def __init__(self, agents: Container[str]) -> None:
        self._agents = agents
        self._entries: dict[str, LedgerEntry] = {}
        self._queues: set[str] = set()
        self._running: dict[str, str] = {}
        self._suspected: dict[str, str] = {}
        self._lost: dict[str, LostJob] = {}
        self._seconds: dict[str, str] = {}
        self._ended: set[str] = set()

    def accept(self, entry: LedgerEntry) -> None:
        self._entries[entry.task_id] = entry
        self._queues.add(entry.queue)
        self._running.pop(entry.task_id, None)
        self._suspected.pop(entry.task_id, None)

    def started(self, task_id: str, agent_id: str) -> None:
        self._running[task_id] = agent_id
        self._suspected.pop(task_id, None)
        self._lost.pop(task_id, None)

    def stopped(self, task_id: str) -> None:
        self._running.pop(task_id, None)

    def ended(self, task_id: str) -> bool:
        for where in (self._entries, self._running, self._suspected):
            where.pop(task_id, None)
        publication = self._seconds.pop(task_id, None)
        if publication is not None:
            self._ended.add(publication)
        return self._lost.pop(task_id, None) is not None

    def runner(self, task_id: str) -> str | None:
        return self.runners([task_id]).get(task_id)

    def note_second(self, task_id: str, publication: str) -> None:
        self._seconds[task_id] = publication

    def has_ended(self, publication: str) -> bool:
        return publication in self._ended

    def open(self) -> int:
        return len(self._entries)

    def queues(self) -> list[str]:
        return sorted(self._queues)

    def accepted_at(self, queue: str, task_ids: Sequence[str]) -> dict[str, float]:
        return {
            task_id: entry.accepted_at
            for task_id in task_ids
            if (entry := self._entries.get(task_id)) is not None and entry.queue == queue
        }

    def oldest(self, queue: str, before: float, limit: int) -> list[LedgerEntry]:
        found = [
            entry for entry in self._entries.values() if entry.queue == queue and entry.accepted_at < before
        ]
        return sorted(found, key=lambda entry: (entry.accepted_at, entry.task_id))[:limit]

    def runners(self, task_ids: Sequence[str]) -> dict[str, str]:
        running = self._running
        return {one: running[one] for one in task_ids if one in running and running[one] in self._agents}

    def suspected(self) -> dict[str, str]:
        return dict(self._suspected)

    def suspect(self, entries: Iterable[LedgerEntry]) -> None:
        self._suspected = {entry.task_id: entry.publication for entry in entries}

    def lose(self, jobs: Iterable[LostJob]) -> None:
        for job in jobs:
            self._entries.pop(job.entry.task_id, None)
            self._running.pop(job.entry.task_id, None)
            self._lost[job.entry.task_id] = job

    def lost(self) -> list[LostJob]:
        return sorted(self._lost.values(), key=lambda job: job.entry.accepted_at)

    def forget(self, task_id: str) -> bool:
        return self._lost.pop(task_id, None) is not None
