"""Uses of bypasses, brought into the journal: one line for each kind of use and round, with exact counts.

A use is counted where its job starts, in Redis, which costs a pool child no database. Each line has the
number of uses since the line before and the number in all; a process that dies between a line and its mark
writes the same line again, with the same number in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.history import AuditRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.ports import Clock, DurableStore
    from guard.store.redis.bypasses import RedisBypasses

__all__ = ["journal_uses"]

_LONGEST_ACTOR = 100


def journal_uses(marks: RedisBypasses, durable: Callable[[], DurableStore], clock: Clock) -> int:
    """Journal what is not journaled, and say how many lines that took. Loads the durable store only when
    there is something.

    Raises:
        StoreUnavailable: a store did not answer; the next round goes on.
    """
    untold = marks.untold()
    for use, (count, told) in untold.items():
        store = durable()
        detail = {
            "bypass": use.bypass_id,
            "holder": use.holder,
            "user": use.user,
            "given_by": use.by,
            "operation": use.operation,
            "count": count - told if count > told else count,
            "in_all": count,
        }
        store.journal(
            AuditRecord(
                at=clock.wall(),
                actor=use.holder[:_LONGEST_ACTOR],
                action="bypass used",
                epoch=store.read().epoch,
                outcome="done",
                detail=detail,
            )
        )
        marks.tell(use, count)
    return len(untold)
