"""The table `user_sessions`, where the application keeps a copy of each session.

Times in it are UTC without a zone: they are compared with UTC, never with the server's NOW(). Each
transaction touches a bounded number of rows, so nobody waits for a lock of ours for long.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, true

from guard.core.sessions import ActiveRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

    from guard.sessions.database import ApplicationDatabase

__all__ = ["SqlSessionRows"]

_NEEDED = ("id", "user_id", "created_at", "expires_at", "is_active")
_ROUNDING_SECONDS = 0.5
"""A column of whole seconds may say a time up to half a second late."""


class SqlSessionRows:
    """The rows. Every method gives None when there is no such table.

    Args:
        batch: rows per transaction.
    """

    def __init__(self, database: ApplicationDatabase, *, batch: int) -> None:
        self._database = database
        self._batch = batch

    def expired(self, now: float) -> int | None:
        """How many are past their time."""
        return self._count(lambda rows: rows.c.expires_at < _naive(now))

    def active(self) -> int | None:
        """How many are active."""
        return self._count(lambda rows: rows.c.is_active == true())

    def delete_expired(self, now: float) -> int | None:
        """Delete at most one batch of those that are past their time; gives how many that were."""

        def work(connection: Connection) -> int | None:
            rows = self._table(connection)
            if rows is None:
                return None
            late = rows.c.expires_at < _naive(now)
            ids = connection.scalars(
                select(rows.c.id).where(late).order_by(rows.c.id).limit(self._batch)
            ).all()
            if not ids:
                return 0
            return connection.execute(rows.delete().where(rows.c.id.in_(ids), late)).rowcount

        return self._database.run(work)

    def older_than(self, moment: float, after: Any, now: float) -> list[ActiveRow] | None:
        """The next batch of active rows, not past their time, that were made before a moment, or nobody
        knows when.

        Args:
            after: the last `row_id` of the batch before; None to begin.
        """

        def work(connection: Connection) -> list[ActiveRow] | None:
            rows = self._table(connection)
            if rows is None:
                return None
            made = rows.c.created_at
            wanted = select(rows.c.id, rows.c.user_id).where(
                rows.c.is_active == true(),
                rows.c.expires_at >= _naive(now),
                or_(made.is_(None), made <= _naive(moment + _ROUNDING_SECONDS)),
            )
            if after is not None:
                wanted = wanted.where(rows.c.id > after)
            found = connection.execute(wanted.order_by(rows.c.id).limit(self._batch))
            return [ActiveRow(row_id=row.id, user_id=row.user_id) for row in found]

        return self._database.run(work)

    def deactivate(self, row_ids: Sequence[Any], now: float) -> int:
        """Set these inactive; gives how many still were active."""

        def work(connection: Connection) -> int:
            rows = self._table(connection)
            if rows is None:
                return 0
            values: dict[str, Any] = {"is_active": False}
            if "updated_at" in rows.c:
                values["updated_at"] = _naive(now)
            same = rows.c.id.in_(row_ids), rows.c.is_active == true()
            return connection.execute(rows.update().where(*same).values(**values)).rowcount

        return self._database.run(work) if row_ids else 0

    def _count(self, wanted: Any) -> int | None:
        def work(connection: Connection) -> int | None:
            rows = self._table(connection)
            if rows is None:
                return None
            return connection.scalar(select(func.count()).select_from(rows).where(wanted(rows)))

        return self._database.run(work)

    def _table(self, connection: Connection) -> Table | None:
        return self._database.table(connection, "user_sessions", needs=_NEEDED, may_have=("updated_at",))


def _naive(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
