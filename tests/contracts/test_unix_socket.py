"""A MySQL server that is away leaves no open socket behind, whoever asks it. Nothing else has changed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pymysql
import pytest
from sqlalchemy import create_engine

from guard.clock import SystemClock
from guard.errors import StoreUnavailable
from guard.store.sql.drivers import driver_for
from guard.store.sql.store import SqlStore
from guard.unix_socket import connect_mysql, connect_through
from tests.support.shortdirs import remove_dir, short_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.mariadb import MariaDB


@pytest.fixture
def deserted() -> Iterator[Path]:
    """The socket of a server that has crashed: its file is there, and nobody answers."""
    folder = short_dir("deserted")
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(folder / "s"))
        yield folder / "s"
    finally:
        remove_dir(folder)


def glance(url: str) -> object:
    driver = driver_for(url, timeout=1)
    assert driver is not None
    return driver.rows("SELECT 1")


def whole_store(url: str) -> object:
    return SqlStore(url, clock=SystemClock(), auto_migrate=False, timeout=1).read()


@pytest.mark.parametrize("ask", [glance, whole_store])
def test_every_socket_is_closed(
    deserted: Path, ask: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []

    class Kept(socket.socket):
        def __init__(self, *of: Any, **how: Any) -> None:
            super().__init__(*of, **how)
            made.append(self)

    monkeypatch.setattr(socket, "socket", Kept)
    with pytest.raises(StoreUnavailable, match="OperationalError"):
        ask(f"mysql+pymysql://root@/x?unix_socket={deserted}")
    assert made
    assert [one.fileno() for one in made] == [-1] * len(made)


def test_the_error_is_that_of_pymysql_and_says_where(deserted: Path) -> None:
    with pytest.raises(pymysql.OperationalError, match="refused") as error:
        connect_mysql(pymysql, user="root", unix_socket=str(deserted))
    assert error.value.args[0] == 2003
    assert str(deserted) in str(error.value)


def test_a_server_that_is_there_answers(mariadb: MariaDB) -> None:
    url = mariadb.url(mariadb.create_database())
    engine = connect_through(create_engine(url))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        assert connection.connection.dbapi_connection.unix_socket == str(mariadb.socket)  # type: ignore[union-attr]
    engine.dispose()
