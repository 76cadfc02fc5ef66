"""MySQL and MariaDB: ANALYZE TABLE and OPTIMIZE TABLE, their rows read and judged.

A rebuild lets others read and write until its very end, where it needs the table for itself for a moment. It
waits for that as long as `lock_wait` says, and gives up then: the table is as it was. If the time is up while
the server still rebuilds, the statement is killed there, which leaves the table as it was, too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from guard.core.optimization import TableFacts, problem_in
from guard.upkeep.database import CONNECT_SECONDS, Database, answered, reported_away

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

__all__ = ["MySqlTables"]

_FACTS = text(
    "SELECT TABLE_NAME, ENGINE, TABLE_ROWS, DATA_LENGTH, INDEX_LENGTH, DATA_FREE "
    "FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME IN :names"
).bindparams(bindparam("names", expanding=True))
_STILL_AT_IT = text(
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = :id AND INFO = :statement"
)
_FACTS_SECONDS = 30.0


class MySqlTables(Database):
    """The tables of a MySQL or MariaDB database."""

    def facts(self, names: Sequence[str]) -> dict[str, TableFacts]:
        found: dict[str, TableFacts] = {}
        with reported_away(), self._connected(within=_FACTS_SECONDS) as connection:
            dialect: Any = connection.dialect
            if not dialect.is_mariadb and dialect.server_version_info >= (8,):
                # MySQL answers from a cache of up to a day otherwise.
                connection.exec_driver_sql("SET SESSION information_schema_stats_expiry = 0")
            for row in connection.execute(_FACTS, {"names": list(names)}):
                found[row[0]] = TableFacts(
                    engine=row[1],
                    rows=_number(row[2]),
                    data_bytes=_number(row[3]),
                    index_bytes=_number(row[4]),
                    free_bytes=_number(row[5]),
                )
        return found

    def analyse(self, name: str, *, within: float) -> str:
        return self._administer("ANALYZE TABLE", name, within)

    def optimise(self, name: str, *, within: float) -> str:
        return self._administer("OPTIMIZE TABLE", name, within)

    def _administer(self, verb: str, name: str, within: float) -> str:
        began = time.monotonic()
        thread, statement = 0, ""
        with answered() as problems, self._connected(within=within) as connection:
            thread = int(connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one())
            statement = f"{verb} {self._quoted(connection, name)}"
            rows = connection.exec_driver_sql(statement).all()
            told = problem_in((str(row[2]), str(row[3])) for row in rows)
            if told:
                problems.append(told)
        if problems and thread and time.monotonic() - began >= within:
            self._kill(thread, statement)
            return f"it was stopped: not done in the {within:.0f} s that were left"
        return "; ".join(problems)

    def _kill(self, thread: int, statement: str) -> None:
        """End our statement in the server, if that number still is our statement: after a restart it is
        somebody else's."""
        with answered(), self._connected(within=CONNECT_SECONDS) as connection:
            if connection.execute(_STILL_AT_IT, {"id": thread, "statement": statement}).scalar_one():
                connection.exec_driver_sql(f"KILL {thread}")

    def _arguments(self, within: int) -> dict[str, Any]:
        if "pymysql" not in self._url.partition("://")[0]:
            return {}
        return {"connect_timeout": round(CONNECT_SECONDS), "read_timeout": within, "write_timeout": within}

    def _prepare(self, connection: Connection, within: int) -> None:
        del within
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {self._lock_wait:d}")
        connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {self._lock_wait:d}")


def _number(raw: Any) -> int | None:
    return int(raw) if raw is not None else None
