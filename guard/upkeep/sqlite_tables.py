"""SQLite: ANALYZE table by table; VACUUM for the file as a whole, where its disk has room for a copy."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, make_url, text

from guard.core.optimization import TableFacts
from guard.errors import StoreUnavailable
from guard.upkeep.database import CONNECT_SECONDS, Database, FileFacts, answered, reported_away

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

__all__ = ["SqliteTables"]

_THERE = text("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN :names").bindparams(
    bindparam("names", expanding=True)
)
_STATISTICS = text("SELECT stat FROM sqlite_stat1 WHERE tbl = :name AND stat IS NOT NULL LIMIT 1")
_HAS_STATISTICS = text("SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")


class SqliteTables(Database):
    """The tables of an SQLite file. How much of a single table is unused SQLite does not say."""

    def facts(self, names: Sequence[str]) -> dict[str, TableFacts]:
        with reported_away(), self._connected(within=CONNECT_SECONDS) as connection:
            there = [row[0] for row in connection.execute(_THERE, {"names": list(names)})]
            analysed = bool(connection.execute(_HAS_STATISTICS).scalar_one())
            return {
                name: TableFacts(engine="sqlite", rows=_rows(connection, name) if analysed else None)
                for name in there
            }

    def analyse(self, name: str, *, within: float) -> str:
        with answered() as problems, self._connected(within=within) as connection:
            connection.exec_driver_sql(f"ANALYZE {self._quoted(connection, name)}")
        return "; ".join(problems)

    def file(self) -> FileFacts | None:
        path = self._path()
        if path is None:
            return None
        with reported_away(), self._connected(within=CONNECT_SECONDS) as connection:
            size, pages, free = (
                int(connection.exec_driver_sql(f"PRAGMA {what}").scalar_one())
                for what in ("page_size", "page_count", "freelist_count")
            )
        try:
            room = shutil.disk_usage(path.parent).free
        except OSError:
            room = None
        return FileFacts(size=size * pages, free=size * free, room=room)

    def rebuild_file(self, *, within: float) -> str:
        with answered() as problems, self._connected(within=within) as connection:
            connection.exec_driver_sql("VACUUM")
        return "; ".join(problems)

    @contextmanager
    def _connected(self, *, within: float) -> Iterator[Connection]:
        path = self._path()
        if path is not None and not path.exists():  # SQLite would make it
            raise StoreUnavailable(f"there is no file {path}")
        with super()._connected(within=within) as connection:
            yield connection

    def _path(self) -> Path | None:
        database = make_url(self._url).database
        if not database or database == ":memory:" or database.startswith("file:"):
            return None
        return Path(database).absolute()

    def _arguments(self, within: int) -> dict[str, Any]:
        del within
        return {"timeout": self._lock_wait}


def _rows(connection: Connection, name: str) -> int | None:
    """The number with which every line of SQLite's statistics begins."""
    found = connection.execute(_STATISTICS, {"name": name}).scalar()
    digits = re.match(r"\d+", str(found)) if found is not None else None
    return int(digits.group()) if digits else None
