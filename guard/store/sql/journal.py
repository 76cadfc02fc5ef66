"""The journal, read page by page from its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from guard.core.history import ANY, AuditRecord, JournalLine, Wanted
from guard.store.sql.engine import reported
from guard.store.sql.schema import AUDIT, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

    from guard.store.sql.store import SqlStore

__all__ = ["SqlJournal"]


class SqlJournal:
    """The journal of one installation."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def lines(self, limit: int, *, before: int | None = None, wanted: Wanted = ANY) -> list[JournalLine]:
        """Lines, newest first. One whose detail somebody made unreadable says so.

        Args:
            before: only those with a smaller number: the last one of the page before.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        self._durable.require_ready()
        query = select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(AUDIT.c.seq < before)
        with reported(), self._durable.engine.connect() as connection:
            rows = connection.execute(query.where(*_conditions(connection, wanted))).all()
        return [
            JournalLine(
                seq=row.seq,
                record=AuditRecord(
                    at=row.at,
                    actor=row.actor,
                    action=row.action,
                    epoch=row.epoch,
                    outcome=row.outcome,
                    detail=_detail(row.detail),
                ),
            )
            for row in rows
        ]


def _conditions(connection: Connection, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.action is not None:
        yield AUDIT.c.action == wanted.action
    if wanted.actor is not None:
        yield AUDIT.c.actor == wanted.actor
    if wanted.since is not None:
        yield AUDIT.c.at >= wanted.since
    if wanted.until is not None:
        yield AUDIT.c.at < wanted.until
    if wanted.window is not None:
        named = AUDIT.c.detail.contains(f'"{wanted.window}"', autoescape=True)
        window = connection.execute(select(WINDOWS).where(WINDOWS.c.window_id == wanted.window)).first()
        if window is None:
            yield named
        else:
            during = AUDIT.c.at >= window.started_at
            if window.ended_at is not None:
                during &= AUDIT.c.at <= window.ended_at
            yield or_(named, during)


def _detail(text: str) -> dict[str, Any]:
    try:
        detail = json.loads(text)
    except ValueError:
        detail = None
    return detail if isinstance(detail, dict) else {"unreadable": text[:200]}
