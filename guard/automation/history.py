"""Windows of a time, with their accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.account import Account
from guard.core.routines import Span
from guard.errors import StoreError, Unanswerable

if TYPE_CHECKING:
    from guard.core.history import WindowRecord
    from guard.ports import DurableStore, Tally

__all__ = ["MOST_WINDOWS", "spans", "windows_since", "with_accounts"]

MOST_WINDOWS = 1000
_REHEARSAL = "test"


def windows_since(durable: DurableStore, since: float) -> list[WindowRecord]:
    """Windows that were opened since a moment, newest first.

    Raises:
        Unanswerable: there are more than a thousand.
    """
    found = durable.windows(MOST_WINDOWS)
    if len(found) == MOST_WINDOWS and found[-1].started_at >= since:
        raise Unanswerable(f"there were more than {MOST_WINDOWS} windows in this time")
    return [record for record in found if record.started_at >= since]


def with_accounts(records: list[WindowRecord], tally: Tally) -> list[tuple[WindowRecord, Account | None]]:
    """Each with what became of the jobs that met it. The books of one that is open are read where they are
    kept; None when they do not answer."""
    return [(record, _account(record, tally)) for record in records]


def _account(record: WindowRecord, tally: Tally) -> Account | None:
    if record.account:
        return Account.from_fields(record.account)
    try:
        return tally.account(record.window_id)
    except StoreError:
        return None


def spans(records: list[WindowRecord]) -> list[Span]:
    """When windows were open. Rehearsals block nothing, and are left out."""
    return [
        Span(start=record.started_at, end=record.ended_at) for record in records if record.mode != _REHEARSAL
    ]
