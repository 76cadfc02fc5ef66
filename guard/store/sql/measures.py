"""What can be asked of the database about itself and about the application's users.

Only reading. The application's tables are looked up, never assumed: a table or column that is not there is
`Unanswerable`, and so is what a kind of database does not tell.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text
from sqlalchemy import table as named_table
from sqlalchemy.engine import make_url
from sqlalchemy.sql import column, func, select

from guard.errors import Unanswerable
from guard.store.sql.engine import make_engine, reported
from guard.store.sql.schema import AUDIT

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["SqlMeasures"]

_PATIENCE_SECONDS = 20.0
"""Sizes of a large installation take a server longer than the guard's own small questions."""
_MOST_ADMINS = 200
_USERS = "users"


class SqlMeasures:
    """Figures of one database. Every call may raise StoreUnavailable or Unanswerable."""

    def __init__(self, url: str, *, ours: bool = True) -> None:
        self._url = url
        self._ours = ours

    @property
    def _engine(self) -> Engine:
        return make_engine(self._url, timeout=_PATIENCE_SECONDS, ours=self._ours)

    def table_sizes(self) -> dict[str, int]:
        """Bytes of data and indexes by table, as the server accounts for them. On SQLite those of pages."""
        with reported(), self._engine.connect() as connection:
            kind = connection.dialect.name
            if kind in {"mysql", "mariadb"}:
                rows = connection.execute(
                    text(
                        "SELECT table_name AS name,"
                        " COALESCE(data_length, 0) + COALESCE(index_length, 0) AS size"
                        " FROM information_schema.tables"
                        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
                    )
                )
                return {str(row.name): int(row.size) for row in rows}
            if kind == "sqlite":
                return _sqlite_sizes(connection)
            raise Unanswerable(f"table sizes are not known on {kind}")

    def size(self) -> int:
        """Bytes of the whole database; on SQLite of its file."""
        if self._kind == "sqlite":
            return sum(path.stat().st_size for path in self._files())
        return sum(self.table_sizes().values())

    def connections(self) -> tuple[int, int]:
        """Connections in use, and how many the server allows."""
        if self._kind not in {"mysql", "mariadb"}:
            raise Unanswerable(f"{self._kind} has no connections to count")
        with reported(), self._engine.connect() as connection:
            used = connection.execute(text("SHOW GLOBAL STATUS LIKE 'Threads_connected'")).one()
            allowed = connection.execute(text("SHOW GLOBAL VARIABLES LIKE 'max_connections'")).one()
            return int(used[1]), int(allowed[1])

    def slow_queries(self) -> int:
        """How many statements took longer than the server's `long_query_time`, since it was started."""
        if self._kind not in {"mysql", "mariadb"}:
            raise Unanswerable(f"{self._kind} does not count slow queries")
        with reported(), self._engine.connect() as connection:
            return int(connection.execute(text("SHOW GLOBAL STATUS LIKE 'Slow_queries'")).one()[1])

    def replication_lag(self) -> float | None:
        """Seconds by which this server is behind the one that it follows, the worst of several; None:
        replication has stopped. Needs the privilege to see it."""
        if self._kind not in {"mysql", "mariadb"}:
            raise Unanswerable(f"{self._kind} does not tell of replication")
        with reported(), self._engine.connect() as connection:
            rows = connection.execute(text(_replica_statement(connection))).mappings().all()
        if not rows:
            raise Unanswerable("the server is no replica")
        words = ("Seconds_Behind_Source", "Seconds_Behind_Master")
        lags = [next((row[word] for word in words if word in row), None) for row in rows]
        known = [float(lag) for lag in lags if lag is not None]
        return max(known) if len(known) == len(lags) else None

    def clock(self) -> float:
        """UTC seconds by the server's clock."""
        if self._kind not in {"mysql", "mariadb"}:
            raise Unanswerable(f"{self._kind} has no clock of its own")
        with reported(), self._engine.connect() as connection:
            return float(connection.execute(text("SELECT UNIX_TIMESTAMP(NOW(6))")).scalar_one())

    def admins(self) -> list[dict[str, Any]]:
        """The application's users of role ADMIN: name, whether they are active, their last sign-in. The
        first 200 by name."""
        wanted = ("username", "role", "is_active", "last_login")
        with reported(), self._engine.connect() as connection:
            looked = inspect(connection)
            if _USERS not in looked.get_table_names():
                raise Unanswerable("there is no table `users` in this database")
            there = {one["name"] for one in looked.get_columns(_USERS)}
            if not {"username", "role"} <= there:
                raise Unanswerable("the table `users` has no columns `username` and `role`")
            columns: list[Any] = [column(name) for name in wanted if name in there]
            query = (
                select(*columns)
                .select_from(named_table(_USERS, *columns))
                .where(func.upper(column("role")) == "ADMIN")
                .order_by(column("username"))
                .limit(_MOST_ADMINS)
            )
            return [
                {
                    "username": str(row["username"])[:64],
                    "is_active": bool(row["is_active"]) if row.get("is_active") is not None else None,
                    "last_login": str(row["last_login"]) if row.get("last_login") is not None else None,
                }
                for row in connection.execute(query).mappings()
            ]

    def journal_outcomes(self, since: float) -> dict[tuple[str, str], int]:
        """How many journal lines there are since a moment, by action and outcome."""
        query = (
            select(AUDIT.c.action, AUDIT.c.outcome, func.count())
            .where(AUDIT.c.at >= since)
            .group_by(AUDIT.c.action, AUDIT.c.outcome)
        )
        with reported(), self._engine.connect() as connection:
            return {(str(row[0]), str(row[1])): int(row[2]) for row in connection.execute(query)}

    def drain_times(self, since: float) -> list[float]:
        """Seconds from opening to drained of each window that was opened since a moment and was drained."""
        query = (
            select(AUDIT.c.at, AUDIT.c.action, AUDIT.c.detail)
            .where(AUDIT.c.at >= since, AUDIT.c.action.in_(("enable", "drained")))
            .order_by(AUDIT.c.seq)
        )
        opened: dict[str, float] = {}
        times: list[float] = []
        with reported(), self._engine.connect() as connection:
            for row in connection.execute(query):
                window_id = str(json.loads(row.detail).get("window_id", ""))
                if row.action == "enable":
                    opened[window_id] = row.at
                elif window_id in opened:
                    times.append(max(0.0, row.at - opened.pop(window_id)))
        return times

    def version(self) -> str:
        """What the server calls itself."""
        with reported(), self._engine.connect() as connection:
            statement = "SELECT sqlite_version()" if self._kind == "sqlite" else "SELECT VERSION()"
            return f"{self._kind} {connection.execute(text(statement)).scalar()}"

    @property
    def _kind(self) -> str:
        return self._engine.dialect.name

    def _files(self) -> list[Path]:
        name = make_url(self._url).database
        if not name or name == ":memory:":
            raise Unanswerable("a database in memory has no file")
        found = [path for path in (Path(name), Path(f"{name}-wal")) if path.is_file()]
        if not found:
            raise Unanswerable("the database has no file yet")
        return found


def _replica_statement(connection: Connection) -> str:
    """MySQL has the new word since 8.0.22, and only that since 8.4; MariaDB takes the old one in every
    release."""
    dialect: Any = connection.dialect
    new = not getattr(dialect, "is_mariadb", False) and (dialect.server_version_info or ()) >= (8, 0, 22)
    return "SHOW REPLICA STATUS" if new else "SHOW SLAVE STATUS"


def _sqlite_sizes(connection: Connection) -> dict[str, int]:
    names = [
        str(name)
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
    ]
    try:
        rows = connection.execute(text("SELECT name, SUM(pgsize) AS size FROM dbstat GROUP BY name")).all()
    except Exception as error:  # a SQLite that was built without this virtual table
        raise Unanswerable("this SQLite does not tell the size of a table (built without dbstat)") from error
    sizes = {str(row.name): int(row.size) for row in rows}
    return {name: sizes.get(name, 0) for name in names}
