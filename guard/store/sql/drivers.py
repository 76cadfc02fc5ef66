"""Database drivers without SQLAlchemy, for addresses of the usual form."""

from __future__ import annotations

import re
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from guard.core.process_figures import Failed
from guard.errors import StoreUnavailable
from guard.store.failures import note
from guard.unix_socket import connect_mysql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Driver", "Unusual", "driver_for"]

_SQLITE = re.compile(r"sqlite(\+pysqlite)?:///(?P<path>[^?:][^?]*)")
_MYSQL = re.compile(
    r"(mysql|mariadb)\+pymysql://(?P<user>[^:@/?]+)(:(?P<password>[^:@/?]*))?@(?P<host>[\w.-]*)"
    r"(:(?P<port>\d+))?/(?P<database>[\w-]+)(\?(?P<options>.+))?"
)
_MYSQL_OPTIONS = frozenset({"charset", "unix_socket"})
_FIRST_CLIENT_ERROR = 2000
"""MySQL's error numbers: below, the server answered; from here on, the client could not reach it."""


class Unusual(Exception):
    """The database answered something else than rows: SQLAlchemy may know better."""


class Driver:
    """Asks one question on a connection of its own. Any thread may, and a database that was replaced,
    restored or failed over is seen at once; nor does a fleet hold a connection per worker.

    Args:
        connect: opens a connection.
        error: the driver's base class of errors.
        is_away: whether such an error says that nobody answered in time.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        error: Callable[[], type[Exception]],
        is_away: Callable[[Exception], bool],
    ) -> None:
        self._connect = connect
        self._error = error
        self._is_away = is_away

    def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """What a constant statement selects.

        Raises:
            StoreUnavailable: nobody answered in time.
            Unusual: anything else.
        """
        try:
            with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
                cursor.execute(statement)
                found: Sequence[tuple[Any, ...]] = cursor.fetchall()
                return found
        except self._error() as error:
            if self._is_away(error):
                note(Failed.SQL)
                what = f"the SQL store did not do what was asked ({type(error).__name__})"
                raise StoreUnavailable(what) from error
            raise Unusual from error


def driver_for(url: str, *, timeout: float) -> Driver | None:
    """The driver for a URL, or None when the URL is not of the usual form or the driver is not installed.

    Args:
        url: SQLAlchemy URL.
        timeout: seconds to connect, and to wait for an answer.
    """
    for form, make in ((_SQLITE, _sqlite), (_MYSQL, _mysql)):
        parts = form.fullmatch(url)
        if parts:
            return make(parts.groupdict(), timeout)
    return None


def _sqlite(parts: dict[str, str], timeout: float) -> Driver:
    import sqlite3

    where = Path(parts["path"]).absolute().as_uri() + "?mode=rw"  # never makes a file
    return Driver(
        connect=lambda: sqlite3.connect(where, uri=True, timeout=timeout),
        error=lambda: sqlite3.Error,
        is_away=lambda error: "database is locked" in str(error),
    )


def _mysql(parts: dict[str, str], timeout: float) -> Driver | None:
    options = dict(parse_qsl(parts["options"] or ""))
    if not options.keys() <= _MYSQL_OPTIONS:
        return None
    try:
        pymysql = import_module("pymysql")
    except ImportError:
        return None
    seconds = max(1, round(timeout))
    return Driver(
        connect=lambda: connect_mysql(
            pymysql,
            user=unquote(parts["user"]),
            password=unquote(parts["password"] or ""),
            host=parts["host"] or None,
            port=int(parts["port"] or 3306),
            database=parts["database"],
            charset=options.get("charset", "utf8mb4"),
            unix_socket=options.get("unix_socket"),
            connect_timeout=seconds,
            read_timeout=seconds,
            write_timeout=seconds,
        ),
        error=lambda: pymysql.Error,
        is_away=lambda error: bool(error.args) and int(error.args[0]) >= _FIRST_CLIENT_ERROR,
    )
