"""Secrets in the database, sealed; and everything that is sealed there, brought to the newest key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from guard.errors import SealBroken
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import SECOND_FACTORS, SECRETS

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Column

    from guard.store.sealing import Sealer
    from guard.store.sql.store import SqlStore

__all__ = ["SEALED", "KeptSecret", "Rotation", "SqlSecrets"]

_SECRET = SECRETS.c
SEALED: tuple[tuple[Column[Any], Column[Any]], ...] = (
    (SECRETS.c.name, SECRETS.c.sealed),
    (SECOND_FACTORS.c.owner, SECOND_FACTORS.c.seed),
)
"""Key and sealed column of every table that has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """That a secret is kept, since when (UTC seconds), by whom, and whether a key here opens it."""

    name: str
    changed_at: float
    changed_by: str
    opens: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation did: rows that were sealed anew, that had the newest key already, and those, by table
    and name, that no key opens."""

    renewed: int
    newest: int
    unreadable: tuple[str, ...]


class SqlSecrets:
    """The secrets of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore, sealer: Sealer) -> None:
        self._durable = durable
        self._sealer = sealer

    def put(self, name: str, text: str, *, by: str, at: float) -> None:
        """Keep one, in place of what was there. Raises InvalidRequest when there is no key."""
        sealed = self._sealer.seal(text)
        self._durable.require_ready()
        with reported():
            self._put(name, {"sealed": sealed, "changed_at": at, "changed_by": by})

    @patiently
    def _put(self, name: str, values: dict[str, Any]) -> None:
        update = SECRETS.update().where(_SECRET.name == name).values(**values)
        try:
            with self._durable.engine.begin() as connection:
                if connection.execute(update).rowcount == 0:
                    connection.execute(SECRETS.insert().values(name=name, **values))
        except IntegrityError:  # somebody was faster: then this one is the later
            with self._durable.engine.begin() as connection:
                connection.execute(update)

    def get(self, name: str) -> str | None:
        """The text; None: none is kept. Raises SealBroken when no key opens it."""
        self._durable.require_ready()
        with reported(), self._durable.engine.connect() as connection:
            sealed = connection.execute(select(_SECRET.sealed).where(_SECRET.name == name)).scalar()
        if sealed is None:
            return None
        try:
            return self._sealer.open(str(sealed))
        except SealBroken as error:
            raise SealBroken(name) from error

    def texts(self, names: Collection[str]) -> dict[str, str | None]:
        """Those of these that are kept; None: it is kept, and no key opens it. One reading, without patience.

        Raises:
            InvalidRequest: one is kept, and the extra `access` is not installed.
        """
        self._durable.require_ready()
        query = select(_SECRET.name, _SECRET.sealed).where(_SECRET.name.in_(names))
        with reported(), self._durable.engine.connect() as connection:
            rows = connection.execute(query).all()
        found: dict[str, str | None] = {}
        for name, sealed in rows:
            try:
                found[name] = self._sealer.open(sealed)
            except SealBroken:
                found[name] = None
        return found

    def kept(self) -> list[KeptSecret]:
        """Those that are kept, by name."""
        self._durable.require_ready()
        with reported(), self._durable.engine.connect() as connection:
            found = connection.execute(select(SECRETS).order_by(_SECRET.name)).all()
        return [
            KeptSecret(
                name=row.name,
                changed_at=row.changed_at,
                changed_by=row.changed_by,
                opens=self._opens(row.sealed),
            )
            for row in found
        ]

    def _opens(self, sealed: str) -> bool:
        try:
            self._sealer.open(sealed)
        except SealBroken:
            return False
        return True

    def remove(self, name: str) -> bool:
        """Whether there was one, which is gone now."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            return connection.execute(delete(SECRETS).where(_SECRET.name == name)).rowcount == 1

    def rotate(self) -> Rotation:
        """Seal everything with the newest key. Each row is a transaction of its own: what was interrupted
        goes on where it stopped, and a row that somebody changes meanwhile is left to them."""
        self._durable.require_ready()
        renewed = newest = 0
        unreadable: list[str] = []
        for key, column in SEALED:
            with reported(), self._durable.engine.connect() as connection:
                rows = connection.execute(select(key, column).order_by(key)).all()
            for name, sealed in rows:
                if self._sealer.is_newest(sealed):
                    newest += 1
                    continue
                try:
                    again = self._sealer.seal(self._sealer.open(sealed))
                except SealBroken:
                    unreadable.append(f"{column.table.name} {name}")
                    continue
                update = column.table.update().where(key == name, column == sealed)
                with reported(), self._durable.engine.begin() as connection:
                    renewed += connection.execute(update.values({column.name: again})).rowcount
        return Rotation(renewed=renewed, newest=newest, unreadable=tuple(unreadable))
