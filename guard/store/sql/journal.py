"""The journal, read page by page from its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from guard.core.history import AuditRecord, JournalLine
from guard.store.sql.engine import reported
from guard.store.sql.schema import AUDIT

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

__all__ = ["SqlJournal"]


class SqlJournal:
    """The journal of one installation."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def lines(self, limit: int, *, before: int | None = None, action: str | None = None) -> list[JournalLine]:
        """Lines, newest first.

        Args:
            before: only those with a smaller number: the last one of the page before.
            action: only those of this action.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        self._durable.require_ready()
        query = select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(AUDIT.c.seq < before)
        if action is not None:
            query = query.where(AUDIT.c.action == action)
        with reported(), self._durable.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            JournalLine(
                seq=row.seq,
                record=AuditRecord(
                    at=row.at,
                    actor=row.actor,
                    action=row.action,
                    epoch=row.epoch,
                    outcome=row.outcome,
                    detail=json.loads(row.detail),
                ),
            )
            for row in rows
        ]
