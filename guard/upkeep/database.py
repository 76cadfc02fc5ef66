"""What the optimization asks of a database, and what all databases have in common.

Each statement has a connection of its own: they are few and long, the server may go away between two of them,
and what a session was told (how long to wait for a lock) ends with it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from guard.errors import StoreUnavailable
from guard.settings.masking import mask_url
from guard.unix_socket import connect_through

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from guard.core.optimization import TableFacts

__all__ = ["CONNECT_SECONDS", "Database", "FileFacts", "answered", "in_short", "reported_away"]

CONNECT_SECONDS = 5.0
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A database that is one file, in bytes: all of it, what is unused, and what its disk has free (None when
    that cannot be told)."""

    size: int
    free: int
    room: int | None


class Database(ABC):
    """The application's database.

    Args:
        url: SQLAlchemy URL.
        lock_wait: seconds that a statement waits for a lock on its table.
    """

    def __init__(self, url: str, *, lock_wait: int) -> None:
        self._url = url
        self._lock_wait = lock_wait

    @abstractmethod
    def facts(self, names: Sequence[str]) -> dict[str, TableFacts]:
        """What is known of those of these tables that are there.

        Raises:
            StoreUnavailable: the database did not answer.
        """

    @abstractmethod
    def analyse(self, name: str, *, within: float) -> str:
        """Renew what the planner knows of a table. A problem, or empty; never raises for the database."""

    def optimise(self, name: str, *, within: float) -> str:
        """Rebuild a table; `analyse` comes first. A problem, or empty; never raises for the database."""
        del within
        return f"tables of this database are not rebuilt one by one, so {name} is not"

    def file(self) -> FileFacts | None:
        """The database as one file; None when it is none.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        return None

    def rebuild_file(self, *, within: float) -> str:
        """Write that file anew. A problem, or empty."""
        del within
        return "this database is no file"

    def read_one(self, name: str) -> str:
        """Read one row of a table. A problem, or empty; never raises for the database."""
        with answered() as problems, self._connected(within=self._lock_wait + CONNECT_SECONDS) as connection:
            statement = f"SELECT 1 FROM {self._quoted(connection, name)} LIMIT 1"  # noqa: S608 - quoted
            connection.exec_driver_sql(statement).all()
        return "; ".join(problems)

    @contextmanager
    def _connected(self, *, within: float) -> Iterator[Connection]:
        """A connection without a transaction; the server has `within` seconds for each answer."""
        engine = connect_through(
            create_engine(
                self._url,
                poolclass=NullPool,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,
                connect_args=self._arguments(max(1, math.ceil(within))),
            )
        )
        try:
            with engine.connect() as connection:
                self._prepare(connection, max(1, math.ceil(within)))
                yield connection
        finally:
            engine.dispose()

    def _arguments(self, within: int) -> dict[str, Any]:
        """What the driver is told."""
        del within
        return {}

    def _prepare(self, connection: Connection, within: int) -> None:
        """What the session is told."""
        del connection, within

    @staticmethod
    def _quoted(connection: Connection, name: str) -> str:
        return connection.dialect.identifier_preparer.quote_identifier(name)


@contextmanager
def answered() -> Iterator[list[str]]:
    """Gather what a database says went wrong, instead of raising it."""
    problems: list[str] = []
    try:
        yield problems
    except (SQLAlchemyError, ImportError, StoreUnavailable) as error:
        problems.append(in_short(error))


@contextmanager
def reported_away() -> Iterator[None]:
    """Turn what a database says went wrong into `StoreUnavailable`."""
    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        raise StoreUnavailable(f"the application's database did not answer: {in_short(error)}") from error


def in_short(error: BaseException) -> str:
    """What a database said, on one line: no statement, no credentials."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(" ".join(str(part) for part in cause.args).split())
    return mask_url(text)[:_LONGEST] or type(cause).__name__
