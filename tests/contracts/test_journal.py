"""The journal read page by page, and the API's records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.history import AuditRecord, Wanted
from guard.store.sql.journal import SqlJournal

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore


def record(n: int) -> AuditRecord:
    action = "enable" if n % 2 else "change"
    return AuditRecord(at=float(n), actor="me", action=action, epoch=n, outcome="done", detail={"n": n})


def test_pages_from_the_end(sql: SqlStore) -> None:
    for n in range(5):
        sql.journal(record(n))
    journal = SqlJournal(sql)
    first = journal.lines(2)
    assert [line.record for line in first] == [record(4), record(3)]
    assert first[0].seq > first[1].seq
    rest = journal.lines(10, before=first[-1].seq)
    assert [line.record.epoch for line in rest] == [2, 1, 0]


def test_of_one_action(sql: SqlStore) -> None:
    for n in range(5):
        sql.journal(record(n))
    assert [line.record.epoch for line in SqlJournal(sql).lines(10, wanted=Wanted(action="enable"))] == [3, 1]
