"""Bypass tokens that were made, in the database; the tokens themselves are kept nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from guard.core.bypass import BypassView
from guard.store.sql.engine import reported
from guard.store.sql.schema import BYPASSES

if TYPE_CHECKING:
    from sqlalchemy import Row

    from guard.store.sql.store import SqlStore

__all__ = ["SqlBypasses"]


class SqlBypasses:
    """The bypasses of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def add(self, view: BypassView) -> None:
        """Keep that it was made."""
        self._durable.require_ready()
        values = {
            "bypass_id": view.bypass_id,
            "operations": json.dumps(view.operations),
            "holder": view.holder,
            "for_user": view.user,
            "made_at": view.made_at,
            "made_by": view.made_by,
            "until": view.until,
        }
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(BYPASSES.insert().values(**values))

    def find(self, bypass_id: str) -> BypassView | None:
        """One by its id."""
        self._durable.require_ready()
        query = select(BYPASSES).where(BYPASSES.c.bypass_id == bypass_id)
        with reported(), self._durable.engine.connect() as connection:
            row = connection.execute(query).first()
        return _view(row) if row is not None else None

    def recent(self, limit: int) -> list[BypassView]:
        """The last that were made, the newest first."""
        self._durable.require_ready()
        query = select(BYPASSES).order_by(BYPASSES.c.made_at.desc(), BYPASSES.c.bypass_id).limit(limit)
        with reported(), self._durable.engine.connect() as connection:
            return [_view(row) for row in connection.execute(query)]

    def revoke(self, bypass_id: str, *, by: str, at: float) -> bool:
        """Whether it was this call that revoked it."""
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                BYPASSES.update()
                .where(BYPASSES.c.bypass_id == bypass_id, BYPASSES.c.revoked_at.is_(None))
                .values(revoked_at=at, revoked_by=by)
            )
            return done.rowcount == 1


def _view(row: Row[Any]) -> BypassView:
    return BypassView(
        bypass_id=row.bypass_id,
        operations=tuple(json.loads(row.operations)),
        holder=row.holder,
        user=row.for_user,
        made_at=row.made_at,
        made_by=row.made_by,
        until=row.until,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by or "",
    )
