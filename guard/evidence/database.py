"""A database, whole: by the server's own tool, or by SQLite's backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from guard.evidence.mysql_dump import mysql_dump, mysql_size
from guard.evidence.parts import Missing, Part
from guard.evidence.postgresql_dump import postgresql_dump, postgresql_size
from guard.evidence.sqlite_copy import sqlite_copy, sqlite_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import URL

    from guard.evidence.sink import Sink

__all__ = ["database_part"]

_KINDS: dict[str, tuple[str, Callable[[URL, Sink], str], Callable[[URL], int | None]]] = {
    "sqlite": ("sqlite3", sqlite_copy, sqlite_size),
    "mysql": ("sql", mysql_dump, mysql_size),
    "mariadb": ("sql", mysql_dump, mysql_size),
    "postgresql": ("sql", postgresql_dump, postgresql_size),
}


def database_part(name: str, address: str) -> Part:
    """The part of a database.

    Args:
        address: an SQLAlchemy URL.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        url = None
    kind = _KINDS.get(url.get_backend_name()) if url is not None else None
    if url is None or kind is None:
        return Part(name=name, file=f"{name}.dump", collect=_unknown_kind)
    ending, dump, size = kind
    return Part(
        name=name, file=f"{name}.{ending}", collect=lambda sink: dump(url, sink), needs=lambda: size(url)
    )


def _unknown_kind(_sink: Sink) -> str:
    raise Missing(f"only {', '.join(sorted(_KINDS))} are dumped: use the tool of your server")
