"""MySQL through a unix socket.

PyMySQL does not close a unix socket at which nobody answers, and the error that it then raises holds itself
and the socket in a circle: a worker whose server is away would gather open ones until the garbage collector
comes. So the socket is connected here.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from sqlalchemy import Engine

__all__ = ["connect_mysql", "connect_through"]

_SECONDS = 10.0
"""PyMySQL's own time to connect."""


def connect_mysql(pymysql: ModuleType, **options: Any) -> Any:
    """A connection of PyMySQL, by whichever way the options say.

    Args:
        options: of ``pymysql.connect``.

    Raises:
        pymysql.Error: as it raises itself; nothing is left open.
    """
    path = options.get("unix_socket")
    if not path:
        return pymysql.connect(**options)
    connection = pymysql.connect(**options, defer_connect=True)
    connection._secure = True  # noqa: SLF001 - as it says itself of a unix socket: passwords need no more cover
    connection.connect(_reach(pymysql, path, options.get("connect_timeout") or _SECONDS))
    return connection


def connect_through(engine: Engine) -> Engine:
    """The engine, which connects in this way if it is one of PyMySQL."""
    from sqlalchemy import event

    def connect(dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> Any:
        return connect_mysql(dialect.loaded_dbapi, **options)

    if engine.dialect.driver == "pymysql":
        event.listen(engine, "do_connect", connect)
    return engine


def _reach(pymysql: ModuleType, path: str, seconds: float) -> socket.socket:
    reached = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        reached.settimeout(seconds)
        reached.connect(path)
    except OSError as error:
        reached.close()
        what = f"Can't connect to MySQL server at {path!r} ({error})"
        raise pymysql.OperationalError(pymysql.constants.CR.CR_CONN_HOST_ERROR, what) from error
    return reached
