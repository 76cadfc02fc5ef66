"""PostgreSQL: VACUUM (ANALYZE) table by table. Nothing is rebuilt: VACUUM FULL locks out every reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from guard.core.optimization import TableFacts
from guard.upkeep.database import CONNECT_SECONDS, Database, answered, reported_away

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

__all__ = ["PostgresTables"]

_FACTS = text(
    "SELECT c.relname, c.reltuples, pg_table_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c "
    "WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND c.relname IN :names"
).bindparams(bindparam("names", expanding=True))


class PostgresTables(Database):
    """The tables of a PostgreSQL database that its search path shows."""

    def facts(self, names: Sequence[str]) -> dict[str, TableFacts]:
        with reported_away(), self._connected(within=CONNECT_SECONDS) as connection:
            return {
                row[0]: TableFacts(
                    engine="postgresql",
                    rows=int(row[1]) if row[1] >= 0 else None,  # -1: never analysed
                    data_bytes=int(row[2]),
                    index_bytes=int(row[3]),
                )
                for row in connection.execute(_FACTS, {"names": list(names)})
            }

    def analyse(self, name: str, *, within: float) -> str:
        with answered() as problems, self._connected(within=within) as connection:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {self._quoted(connection, name)}")
        return "; ".join(problems)

    def _prepare(self, connection: Connection, within: int) -> None:
        connection.exec_driver_sql(f"SET lock_timeout = '{self._lock_wait:d}s'")
        connection.exec_driver_sql(f"SET statement_timeout = '{within:d}s'")
