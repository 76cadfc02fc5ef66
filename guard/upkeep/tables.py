"""Which kind of database an address names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from guard.errors import InvalidRequest
from guard.settings.masking import mask_url
from guard.upkeep.mysql_tables import MySqlTables
from guard.upkeep.postgresql_tables import PostgresTables
from guard.upkeep.sqlite_tables import SqliteTables

if TYPE_CHECKING:
    from guard.upkeep.database import Database

__all__ = ["open_database"]

_KINDS: dict[str, type[Database]] = {
    "mysql": MySqlTables,
    "mariadb": MySqlTables,
    "sqlite": SqliteTables,
    "postgresql": PostgresTables,
}


def open_database(url: str, *, lock_wait: int) -> Database:
    """The database of an address. Nothing connects yet.

    Args:
        url: SQLAlchemy URL.
        lock_wait: seconds that a statement waits for a lock on its table.

    Raises:
        InvalidRequest: the address names no database of these kinds.
    """
    try:
        kind = make_url(url).get_backend_name()
    except ArgumentError:
        kind = ""
    if kind not in _KINDS:
        allowed = ", ".join(sorted(_KINDS))
        raise InvalidRequest(f"{mask_url(url)[:80]!r} names no database that can be optimised: use {allowed}")
    return _KINDS[kind](url, lock_wait=lock_wait)
