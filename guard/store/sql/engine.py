"""SQL engines: made lazily, safe across fork, patient with transient faults and with nothing else."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tenacity import (
    retry,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random,
    wait_random_exponential,
)

from guard.core.process_figures import Failed
from guard.errors import StoreUnavailable
from guard.store.failures import note
from guard.unix_socket import connect_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

__all__ = ["forget_engines", "make_engine", "migrating", "patiently", "reported"]

P = ParamSpec("P")
R = TypeVar("R")

_TRANSIENT_MYSQL = frozenset({1205, 1213, 2006, 2013, 2014})
"""Lock wait timeout, deadlock, server has gone away, lost connection, commands out of sync."""

_MIGRATED_WITHIN = 3600.0
"""Seconds that one statement of a migration may take: altering a journal of years copies it."""

_ENGINES: dict[tuple[int, str, float, bool], Engine] = {}


def make_engine(url: str, *, timeout: float = 3.0, ours: bool = True) -> Engine:
    """The engine of this process for a URL; one per process, so a forked child never shares a socket.

    Args:
        url: SQLAlchemy URL, for example ``mysql+pymysql://guard@db/app`` or ``sqlite:///guard.db``.
        timeout: seconds to connect and to wait for a lock.
        ours: whether the guard's tables are there. How another SQLite file keeps its journal is not for us to
            change.

    Raises:
        StoreUnavailable: the URL names a driver that is not installed, or is not as SQLAlchemy writes it.
    """
    key = (os.getpid(), url, timeout, ours)
    if key not in _ENGINES:
        try:
            _ENGINES[key] = _create(url, timeout, ours=ours)
        except ModuleNotFoundError as error:
            remedy = "celery-maintenance-guard[mysql]" if error.name == "pymysql" else error.name
            raise StoreUnavailable(
                f"the database's driver is not installed ({error.name} is missing): pip install '{remedy}', "
                "or name another driver in the URL, mysql+pymysql:// or postgresql+psycopg://"
            ) from error
    return _ENGINES[key]


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection to the same database whose statements may take an hour, for changing tables.

    On MySQL and MariaDB it is one of its own, closed afterwards: whoever stops waiting there cuts the
    statement off in the middle.
    """
    if "pymysql" not in engine.url.drivername:
        with engine.connect() as connection:
            yield connection
        return
    url = engine.url.render_as_string(hide_password=False)
    patient = _create(url, 3.0, ours=True, read_timeout=_MIGRATED_WITHIN)
    try:
        with patient.connect() as connection:
            yield connection
    finally:
        patient.dispose()


def _create(url: str, timeout: float, *, ours: bool, read_timeout: float | None = None) -> Engine:
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": timeout}, hide_parameters=True)
        if not ours:
            return engine
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    if url.startswith("postgres://"):
        raise StoreUnavailable(
            "the database URL begins with postgres://, as other libraries have it: write postgresql+psycopg://"
        )
    seconds = max(1, round(timeout))
    arguments: dict[str, Any] = {}
    if "pymysql" in url.partition("://")[0]:
        answered = read_timeout or seconds
        arguments = {"connect_timeout": seconds, "read_timeout": answered, "write_timeout": seconds}
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=3,
        pool_recycle=600,
        pool_timeout=timeout,
        hide_parameters=True,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
    )
    return connect_through(engine)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_immediate
    cursor = connection.cursor()
    _set_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


@retry(
    retry=retry_if_exception(lambda error: "locked" in str(error)),
    stop=stop_after_delay(3),
    wait=wait_random(0, 0.05),
    reraise=True,
)
def _set_wal(cursor: Any) -> None:
    # SQLite's own waiting for a lock does not cover this one: two who make the same file at once meet here.
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_immediate(connection: Any) -> None:
    # A deferred transaction that reads and then writes fails at once when another writer came
    # between; an immediate one waits for its turn.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def forget_engines() -> None:
    """In a forked child: drop inherited engines without closing the parent's sockets."""
    for engine in _ENGINES.values():
        engine.dispose(close=False)
    _ENGINES.clear()


def is_transient(error: BaseException) -> bool:
    """Whether the same statement may well succeed in a moment."""
    if not isinstance(error, DBAPIError):
        return False
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return error.connection_invalidated or code in _TRANSIENT_MYSQL or "database is locked" in str(error.orig)


def patiently(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: try up to four times within two seconds, with growing random pauses, on transient faults."""
    return retry(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(4) | stop_after_delay(2.0),
        wait=wait_random_exponential(multiplier=0.05, max=0.5),
        reraise=True,
    )(function)


@contextmanager
def reported() -> Iterator[None]:
    """Turn SQL errors into `StoreUnavailable`, without statement, parameters or URL in the message."""
    try:
        yield
    except SQLAlchemyError as error:
        note(Failed.SQL)
        cause = getattr(error, "orig", None) or error
        raise StoreUnavailable(f"the SQL store did not do what was asked ({type(cause).__name__})") from error


os.register_at_fork(after_in_child=forget_engines)
