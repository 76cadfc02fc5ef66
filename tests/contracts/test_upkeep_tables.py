"""Tables of real databases: analysed, rebuilt, locked by others, missing."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import pymysql
import pytest
from sqlalchemy import create_engine

from guard.errors import InvalidRequest, StoreUnavailable
from guard.upkeep.mysql_tables import MySqlTables
from guard.upkeep.sqlite_tables import SqliteTables
from guard.upkeep.tables import open_database
from tests.support.application_tables import TABLES, create_application, fill_and_fragment
from tests.support.eventually import eventually
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mariadb import MariaDB

MB = 2**20


@pytest.fixture(scope="module")
def database(mariadb: MariaDB) -> str:
    """A database of the application, its images fragmented."""
    name = mariadb.create_database()
    connection = pymysql.connect(unix_socket=str(mariadb.socket), user="root", database=name)
    create_application(connection)
    fill_and_fragment(connection)
    connection.close()
    return name


@pytest.fixture
def tables(mariadb: MariaDB, database: str) -> MySqlTables:
    """Opened as the guard opens it, with a short wait for locks."""
    opened = open_database(mariadb.url(database), lock_wait=1)
    assert isinstance(opened, MySqlTables)
    return opened


@pytest.fixture
def other(mariadb: MariaDB, database: str) -> Iterator[Any]:
    """Somebody else's connection."""
    connection = pymysql.connect(unix_socket=str(mariadb.socket), user="root", database=database)
    yield connection
    connection.close()


def test_facts_of_those_that_are_there(tables: MySqlTables) -> None:
    found = tables.facts((*TABLES, "no_such_table", "Users"))
    assert set(found) == set(TABLES)
    images = found["images"]
    assert images.engine == "InnoDB"
    assert images.size is not None
    assert images.free_bytes is not None
    assert images.free_bytes > 8 * MB


def test_analyse_really_analyses(tables: MySqlTables, other: Any, database: str) -> None:
    cursor = other.cursor()
    where = f"database_name = '{database}' AND table_name = 'user_sessions'"
    cursor.execute(f"UPDATE mysql.innodb_table_stats SET last_update = '2001-01-01' WHERE {where}")  # noqa: S608
    other.commit()
    assert tables.analyse("user_sessions", within=30) == ""
    cursor.execute(f"SELECT YEAR(last_update), n_rows FROM mysql.innodb_table_stats WHERE {where}")  # noqa: S608
    year, rows = cursor.fetchone()
    assert year > 2001
    assert rows == 500


def test_a_missing_table_is_a_problem_and_no_error(tables: MySqlTables) -> None:
    assert "doesn't exist" in tables.analyse("no_such_table", within=30)
    assert "doesn't exist" in tables.optimise("no_such_table", within=30)
    assert "doesn't exist" in tables.read_one("no_such_table")


def test_a_name_is_quoted(tables: MySqlTables, other: Any) -> None:
    other.cursor().execute("CREATE TABLE IF NOT EXISTS `select` (id INT PRIMARY KEY)")
    assert tables.analyse("select", within=30) == ""
    assert tables.read_one("select") == ""
    assert "doesn't exist" in tables.read_one("users`; DROP TABLE `select")
    assert tables.read_one("select") == ""


@pytest.mark.parametrize("how", ["LOCK TABLES users WRITE", "open transaction"])
def test_a_lock_of_somebody_else_is_not_waited_for(tables: MySqlTables, other: Any, how: str) -> None:
    cursor = other.cursor()
    if how == "open transaction":
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM users FOR UPDATE")
    else:
        cursor.execute(how)
    watch = Stopwatch()
    assert "Lock wait timeout exceeded" in tables.optimise("users", within=60)
    if how != "open transaction":  # readers of statistics do not mind a transaction
        assert "Lock wait timeout exceeded" in tables.analyse("users", within=60)
        assert "Lock wait timeout exceeded" in tables.read_one("users")
    assert watch.seconds < 20
    other.rollback()
    cursor.execute("UNLOCK TABLES")
    assert tables.optimise("users", within=60) == ""
    assert tables.read_one("users") == ""


def test_a_statement_that_takes_too_long_is_ended_in_the_server(mariadb: MariaDB, database: str) -> None:
    """Here it waits for a lock, longer than there is time left."""
    patient = MySqlTables(mariadb.url(database), lock_wait=300)
    holder = pymysql.connect(unix_socket=str(mariadb.socket), user="root", database=database)
    watcher = pymysql.connect(unix_socket=str(mariadb.socket), user="root", autocommit=True)
    holder.cursor().execute("LOCK TABLES posts WRITE")
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(patient.optimise("posts", within=2)))
    thread.start()

    def running() -> int:
        cursor = watcher.cursor()
        cursor.execute("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'OPTIMIZE%'")
        return int(cursor.fetchone()[0])

    eventually(running, what="the statement to wait")
    thread.join(30)
    assert told == ["it was stopped: not done in the 2 s that were left"]
    eventually(lambda: running() == 0, what="the statement to be gone from the server")
    holder.close()
    watcher.close()


def test_only_our_own_statement_is_killed(tables: MySqlTables, mariadb: MariaDB) -> None:
    """After a restart of the server the same number is somebody else's connection."""
    sleeper = pymysql.connect(unix_socket=str(mariadb.socket), user="root", read_timeout=60)
    statement = "DO SLEEP(50)"
    ended: list[Exception | None] = []

    def sleep() -> None:
        try:
            sleeper.cursor().execute(statement)
            ended.append(None)
        except pymysql.Error as error:
            ended.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    tables._kill(sleeper.thread_id(), "OPTIMIZE TABLE `images`")
    assert thread.is_alive()
    assert not ended

    def kill() -> bool:  # the statement may not have begun when it was asked for
        tables._kill(sleeper.thread_id(), statement)
        return bool(ended)

    eventually(kill, what="our statement to be killed")
    thread.join(30)
    assert ended[0] is not None
    sleeper.close() if sleeper.open else None


def test_optimise_gives_the_space_back(tables: MySqlTables) -> None:
    before = tables.facts(("images",))["images"]
    assert tables.optimise("images", within=120) == ""
    after = tables.facts(("images",))["images"]
    assert before.free_bytes is not None
    assert after.free_bytes is not None
    assert after.free_bytes < before.free_bytes / 2
    assert after.rows is not None
    assert 2000 < after.rows < 4000


# PyMySQL leaks its socket when nobody listens.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
def test_a_server_that_is_away(tmp_path: Path) -> None:
    url = f"mysql+pymysql://root:hunter2@127.0.0.1:1/x?unix_socket={tmp_path}/nobody"

    def told() -> list[str]:
        away = open_database(url, lock_wait=1)
        try:
            away.facts(("users",))
        except StoreUnavailable as error:
            return [str(error), away.analyse("users", within=5), away.read_one("users")]
        return []

    texts = told()
    gc.collect()  # here, where it is ignored
    assert len(texts) == 3
    for text in texts:
        assert "Can't connect" in text
        assert "hunter2" not in text


@pytest.mark.parametrize("url", ["oracle://x/y", "nonsense", ""])
def test_no_database_that_is_known(url: str) -> None:
    with pytest.raises(InvalidRequest, match="names no database"):
        open_database(url, lock_wait=1)


# -- SQLite --------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> SqliteTables:
    """A file with one table, most of which was deleted."""
    url = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql('CREATE TABLE "posts" (id INTEGER PRIMARY KEY, body TEXT)')
        connection.exec_driver_sql('CREATE INDEX ix ON "posts" (body)')
        connection.exec_driver_sql(
            "INSERT INTO posts (body) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 5000) SELECT hex(randomblob(300)) FROM n"
        )
        connection.exec_driver_sql("DELETE FROM posts WHERE id > 1000")
    engine.dispose()
    opened = open_database(url, lock_wait=1)
    assert isinstance(opened, SqliteTables)
    return opened


def test_sqlite_is_analysed_and_vacuumed(file: SqliteTables) -> None:
    before = file.facts(("posts", "users"))
    assert set(before) == {"posts"}
    assert before["posts"].rows is None
    assert before["posts"].fragmentation is None
    assert file.analyse("posts", within=10) == ""
    assert file.facts(("posts",))["posts"].rows == 1000
    assert file.read_one("posts") == ""
    assert "no such table" in file.read_one("users")

    was = file.file()
    assert was is not None
    assert was.free > was.size / 2
    assert was.room is not None
    assert file.rebuild_file(within=10) == ""
    now = file.file()
    assert now is not None
    assert now.size < was.size / 2
    assert now.free == 0


def test_a_file_that_somebody_writes_to(file: SqliteTables, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'app.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM posts WHERE id = 1")
        assert "locked" in file.rebuild_file(within=10)
        assert "locked" in file.analyse("posts", within=10)
    engine.dispose()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = open_database(f"sqlite:///{tmp_path / 'none.sqlite3'}", lock_wait=1)
    with pytest.raises(StoreUnavailable, match="there is no file"):
        missing.facts(("posts",))
    assert "there is no file" in missing.analyse("posts", within=1)
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_memory_is_no_file() -> None:
    memory = open_database("sqlite://", lock_wait=1)
    assert memory.file() is None
    assert "not rebuilt one by one" in memory.optimise("posts", within=1)
