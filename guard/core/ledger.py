"""The ledger: every guarded job that was accepted and has not ended, so that one that vanishes is missed.

A queue is taken from in the order in which it was filled, but for jobs that were given back, which go to its
front. So a job that waits although a later one is next to be taken is either with a worker, or set aside, or
nowhere. One that is nowhere twice, in two looks that are seconds apart, was not on its way: it is lost.
Only a few jobs are overdue at any time, however long the queues are; nobody looks through a whole queue but
for those that are nowhere else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from guard.core.plain import read_flat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["SETTLED_SECONDS", "LedgerEntry", "LostJob", "due_before", "judge"]

SETTLED_SECONDS = 5.0
"""A job younger than this may still be on its way to its queue: it is entered before it is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A job that was accepted. `accepted_at` is UTC seconds by its publisher's clock."""

    task_id: str
    task: str
    operation: str
    queue: str
    publication: str
    accepted_at: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read it back.

        Raises:
            ValueError: it is no such entry.
        """
        return read_flat(cls, raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostJob:
    """A job that is nowhere, and when that was found (UTC seconds)."""

    entry: LedgerEntry
    found_at: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**self.entry.to_dict(), "found_at": self.found_at}


def due_before(
    heads: Sequence[Sequence[str]], accepted_at: Mapping[str, float], *, now: float
) -> float | None:
    """Jobs of a queue that were accepted before this should have been taken from it.

    Args:
        heads: for each list of the queue that is not empty (one per priority) the ids that are next.
        accepted_at: when those were accepted that are in the ledger.

    Returns:
        UTC seconds; None when nothing next in some list is in the ledger, so that nobody can say.
    """
    due = now - SETTLED_SECONDS
    for ids in heads:
        known = next((accepted_at[task_id] for task_id in ids if task_id in accepted_at), None)
        if known is None:
            return None
        due = min(due, known)
    return due


def judge(
    absent: Iterable[LedgerEntry], suspected: Mapping[str, str]
) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """Who is suspected to be lost, and who is lost: absent now and at the last look.

    Args:
        absent: jobs that are nowhere.
        suspected: task id -> publication of those that were nowhere at the last look.
    """
    absent = list(absent)
    lost = [entry for entry in absent if suspected.get(entry.task_id) == entry.publication]
    return [entry for entry in absent if entry not in lost], lost
