"""The lease on the automated window, as a row of `guard_routine_locks`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guard.core.window_lease import WindowLease
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import ROUTINE_LOCKS

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

__all__ = ["SqlWindowLeases"]

_NAME = "automated window"
_LONGEST_HOLDER = 100


class SqlWindowLeases:
    """The lease of one installation. Every call raises StoreUnavailable when the database does not answer."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def look(self) -> WindowLease | None:
        found = self._row()
        return found if found is not None and found.window_id else None

    def take(self, window_id: str, who: str, *, now: float, until: float) -> int | None:
        old = self._row()
        if old is not None and old.window_id and old.until > now:
            return None
        with reported():
            return self._take(old, f"{window_id} {who}"[:_LONGEST_HOLDER], until)

    @patiently
    def _take(self, old: WindowLease | None, holder: str, until: float) -> int | None:
        fence = old.fence + 1 if old is not None else 1
        values = {"fence": fence, "holder": holder, "until": until}
        with self._durable.engine.begin() as connection:
            if old is not None:
                mine = (ROUTINE_LOCKS.c.name == _NAME, ROUTINE_LOCKS.c.fence == old.fence)
                if connection.execute(ROUTINE_LOCKS.update().where(*mine).values(**values)).rowcount == 1:
                    return fence
        if old is None:
            with suppress(IntegrityError), self._durable.engine.begin() as connection:
                connection.execute(ROUTINE_LOCKS.insert().values(name=_NAME, **values))
                return fence
        # Our own write, whose answer was lost, looks as if somebody had been faster.
        with self._durable.engine.connect() as connection:
            query = select(ROUTINE_LOCKS.c.holder, ROUTINE_LOCKS.c.fence).where(ROUTINE_LOCKS.c.name == _NAME)
            return fence if tuple(connection.execute(query).one()) == (holder, fence) else None

    def extend(self, fence: int, *, until: float) -> bool:
        with reported():
            return self._change(fence, until=until)

    def drop(self, fence: int) -> None:
        with reported():
            self._change(fence, holder="", until=0.0)

    @patiently
    def _change(self, fence: int, **values: object) -> bool:
        self._durable.require_ready()
        with self._durable.engine.begin() as connection:
            mine = (ROUTINE_LOCKS.c.name == _NAME, ROUTINE_LOCKS.c.fence == fence)
            held = (*mine, ROUTINE_LOCKS.c.holder != "")
            return connection.execute(ROUTINE_LOCKS.update().where(*held).values(**values)).rowcount == 1

    def _row(self) -> WindowLease | None:
        self._durable.require_ready()
        with reported():
            return self._read()

    @patiently
    def _read(self) -> WindowLease | None:
        with self._durable.engine.connect() as connection:
            row = connection.execute(select(ROUTINE_LOCKS).where(ROUTINE_LOCKS.c.name == _NAME)).first()
        if row is None:
            return None
        window_id, _, who = row.holder.partition(" ")
        return WindowLease(window_id=window_id, who=who, fence=row.fence, until=row.until)
