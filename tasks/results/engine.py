"""The SQLAlchemy engine for the jobs' results: made for many short writes from many processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from sqlalchemy import URL

BUSY_TIMEOUT_SECONDS: Final = 30.0
"""How long a SQLite write waits for the writers before it."""
RECYCLE_SECONDS: Final = 1800
"""MySQL connections are renewed after this: servers drop idle ones after 8 hours, proxies much earlier."""


def make_engine(database_url: str) -> Engine:
    """An engine for `sqlite:///file`, `mysql+pymysql://…` or `mariadb+pymysql://…`. Connects only when used.

    Raises:
        ValueError: Another database, or SQLite in memory, which every process would have for itself.
    """
    url = make_url(database_url)
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url)
        case "mysql" | "mariadb":
            # pre_ping: a server restarted during maintenance must not cost the next job its result.
            return create_engine(url, pool_pre_ping=True, pool_recycle=RECYCLE_SECONDS)
        case other:
            raise ValueError(
                f"TASKS_DATABASE_URL: {other} is not supported; use sqlite:///file or mysql+pymysql://…"
            )


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise ValueError(
            "TASKS_DATABASE_URL: SQLite needs a file, workers are several processes; sqlite:///file"
        )
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    # No pool: a SQLite connection must not cross a fork (https://sqlite.org/howtocorrupt.html, 2.6);
    # opening one takes a fraction of a millisecond.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        try:
            # WAL: readers do not wait for writers. NORMAL: survives a killed process; only a power cut may
            # cost the last results, whose jobs the broker then still has.
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
        finally:
            cursor.close()

    return engine
