"""SQL servers that do not answer: an error of ours, soon, and without a word about where they are."""

from __future__ import annotations

import gc
import sqlite3
from typing import TYPE_CHECKING

import pytest

from guard.errors import StoreUnavailable
from tests.contracts.doers import at_epoch, opened, sql_store
from tests.support.require import require_server
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mariadb import MariaDB

# PyMySQL leaves its socket to the garbage collector when nobody listens.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SECRETS = ("hunter2", "guard-user", "127.0.0.1", "secret_db")


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    """A server of this module alone, to be stopped and frozen."""
    require_server("mariadb")
    from tests.support.mariadb import MariaDB

    with MariaDB() as made:
        yield made


def test_nobody_listens() -> None:
    url = "mysql+pymysql://guard-user:hunter2@127.0.0.1:1/secret_db"
    with sql_store(url, auto_migrate=False, timeout=1.0) as store:
        watch = Stopwatch()
        for use in (store.read, store.migrate, lambda: store.windows(1)):
            with pytest.raises(StoreUnavailable) as caught:
                use()
            for shown in (str(caught.value), repr(caught.value), repr(store)):
                assert not any(secret in shown for secret in SECRETS)
        assert watch.seconds < 3


def test_a_server_that_stops_and_comes_back(server: MariaDB) -> None:
    with sql_store(server.url(server.create_database()), timeout=1.0) as store:
        store.migrate()
        state = opened(store)
        server.crash()
        try:
            watch = Stopwatch()
            for use in (store.read, lambda: store.compare_and_set(1, at_epoch(2))):
                with pytest.raises(StoreUnavailable):
                    use()
            assert watch.seconds < 5
        finally:
            server.start()
        assert store.read() == state, "and the pool has thrown its dead connections away"


# Once a bug: read timeout = 2 x timeout, for the ping and for each of four tries: a read with timeout=1
# fails after 10 s, `enable` with the default of 3 s after about half a minute.
def test_a_frozen_server_is_unavailable_soon(server: MariaDB) -> None:
    with sql_store(server.url(server.create_database()), timeout=1.0) as store:
        store.migrate()
        server.freeze()
        try:
            watch = Stopwatch()
            with pytest.raises(StoreUnavailable):
                store.read()
            assert watch.seconds < 5
        finally:
            server.thaw()
        assert store.read().epoch == 0


def test_a_file_that_another_process_holds(tmp_path: Path) -> None:
    with sql_store(f"sqlite:///{tmp_path / 'x.db'}", timeout=0.1) as store:
        store.migrate()
        holder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        try:
            holder.execute("BEGIN IMMEDIATE")
            watch = Stopwatch()
            with pytest.raises(StoreUnavailable):
                opened(store)
            assert watch.seconds < 4
            holder.execute("ROLLBACK")
            assert opened(store).epoch == 1
        finally:
            holder.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"this is not a database, not at all" * 100)
    with sql_store(f"sqlite:///{path}") as store, pytest.raises(StoreUnavailable):
        store.read()
    assert path.read_bytes().startswith(b"this is not")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with (
        sql_store(f"sqlite:///{tmp_path / 'none' / 'x.db'}") as store,
        pytest.raises(StoreUnavailable) as caught,
    ):
        store.read()
    assert str(tmp_path) not in str(caught.value)
