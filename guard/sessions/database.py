"""The application's database. Its tables belong to it: reflected, never migrated, and never all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import MetaData, Table
from sqlalchemy.exc import NoSuchTableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

__all__ = ["ApplicationDatabase"]

T = TypeVar("T")


class ApplicationDatabase:
    """Runs small transactions on the application's tables.

    Args:
        engine: gives the engine of this process.
        attempt: runs a function, again on transient faults, and raises StoreUnavailable when it failed.
    """

    def __init__(self, engine: Callable[[], Engine], attempt: Callable[[Callable[[], Any]], Any]) -> None:
        self._engine = engine
        self._attempt = attempt
        self._known: dict[str, Table] = {}

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do this in one transaction.

        Raises:
            StoreUnavailable: the database did not do it.
        """

        def once() -> T:
            with self._engine().begin() as connection:
                return work(connection)

        done: T = self._attempt(once)
        return done

    def table(
        self, connection: Connection, name: str, *, needs: Sequence[str], may_have: Sequence[str] = ()
    ) -> Table | None:
        """A table of the application's, of these columns as far as it has them; None when it has no such
        table, or one that lacks a column that is needed."""
        if name not in self._known:
            try:
                table = Table(
                    name,
                    MetaData(),
                    autoload_with=connection,
                    # Others may be of types that SQLAlchemy does not know.
                    include_columns=[*needs, *may_have],
                    resolve_fks=False,
                )
            except NoSuchTableError:
                return None
            if not set(needs) <= set(table.c.keys()):
                return None
            self._known[name] = table
        return self._known[name]
