"""Dumps of real databases, read back into empty ones."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest
from sqlalchemy.engine import make_url

from guard.clock import SystemClock
from guard.evidence.collecting import Collecting
from guard.evidence.database import database_part
from guard.evidence.folder import Folder
from guard.evidence.mysql_dump import option_file
from guard.evidence.postgresql_dump import postgresql_environment
from guard.evidence.sink import Sink
from guard.unix_socket import connect_mysql
from tests.support.require import require_binary

if TYPE_CHECKING:
    from guard.core.evidence import PartRecord
    from tests.support.mariadb import MariaDB
    from tests.support.postgresql import PostgreSQL

NASTY = "p\\w #\"'; --x%@/:ü"
"""What an option file, a URL and a shell each read in their own way."""


def dump(out: Path, url: str) -> PartRecord:
    with Folder.make(out) as folder:
        run = Collecting(folder, [database_part("database", url)], clock=SystemClock(), limit=60, reserve=0)
        manifest, _ = run.run(run.begun(evidence_id="id", by="alice", host="web-1"))
    return manifest.parts[0]


@pytest.fixture
def shop(mariadb: MariaDB) -> str:
    """A database with rows, a view, a trigger and a procedure; and a user of a nasty password."""
    name = mariadb.create_database()
    statements = (
        "CREATE TABLE jobs (id INT PRIMARY KEY, what VARCHAR(50), raw BLOB) CHARSET utf8mb4",
        "INSERT INTO jobs VALUES (1, 'Käse \\' ; 🧀', x'00ff'), (2, NULL, NULL)",
        "CREATE VIEW seen AS SELECT id FROM jobs",
        "CREATE TRIGGER t BEFORE INSERT ON jobs FOR EACH ROW SET NEW.raw = x'ff'",
        "CREATE PROCEDURE p() SELECT 1",
    )
    connection = connect_mysql(
        pymysql,
        unix_socket=str(mariadb.socket),
        user="root",
        database=name,
        autocommit=True,
        charset="utf8mb4",
    )
    with closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return name


def rows(server: MariaDB, database: str) -> list[tuple[object, ...]]:
    connection = server._connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, what, raw FROM {database}.jobs ORDER BY id")  # noqa: S608
            found = list(cursor.fetchall())
            cursor.execute(f"SELECT COUNT(*) FROM {database}.seen")  # noqa: S608
            return [*found, *cursor.fetchall()]
    finally:
        connection.close()


def procedures(server: MariaDB, database: str) -> int:
    connection = server._connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = %s", (database,)
            )
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


def restore(server: MariaDB, file: Path) -> str:
    name = server.create_database()
    with file.open("rb") as content:
        client = str(require_binary("mariadb"))
        command = [client, "--no-defaults", f"--socket={server.socket}", "-uroot", name]
        subprocess.run(command, stdin=content, check=True, timeout=60)
    return name


def test_a_dump_of_mariadb_restores_into_a_fresh_database(mariadb: MariaDB, shop: str, out: Path) -> None:
    found = dump(out, mariadb.url(shop))
    assert (found.status.value, found.why) == ("collected", "")
    restored = restore(mariadb, out / found.file)
    assert rows(mariadb, restored) == rows(mariadb, shop)
    assert len(rows(mariadb, restored)) == 3
    assert procedures(mariadb, restored) == 1


def test_a_user_without_rights_for_procedures_dumps_the_rows(
    mariadb: MariaDB, shop: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quoted = NASTY.replace("\\", "\\\\").replace("'", "\\'").replace("%", "%")
    mariadb.execute(f"CREATE OR REPLACE USER 'few'@'localhost' IDENTIFIED BY '{quoted}'")
    mariadb.execute(f"GRANT SELECT, SHOW VIEW, TRIGGER ON {shop}.* TO 'few'@'localhost'")
    url = (
        make_url(mariadb.url(shop)).set(username="few", password=NASTY).render_as_string(hide_password=False)
    )
    spoken: list[list[str]] = []
    run = Sink.run

    def listening(self: Sink, argv: list[str], *, environment: dict[str, str]) -> None:
        spoken.append([*argv, *environment.values()])
        run(self, argv, environment=environment)

    monkeypatch.setattr(Sink, "run", listening)
    found = dump(out, url)
    assert found.status.value == "collected", found.why
    assert "without stored procedures" in found.why
    restored = restore(mariadb, out / found.file)
    assert rows(mariadb, restored) == rows(mariadb, shop)
    assert len(spoken) == 2
    assert not any(NASTY in word or "p\\w" in word for words in spoken for word in words)
    # The file that had the password is gone.
    (given,) = {word.partition("=")[2] for word in spoken[0] if word.startswith("--defaults-file=")}
    assert not Path(given).exists()


def test_a_wrong_password_is_told_and_not_shown(mariadb: MariaDB, shop: str, out: Path) -> None:
    url = make_url(mariadb.url(shop)).set(username="nobody", password="s3cret")
    found = dump(out, url.render_as_string(hide_password=False))
    assert found.status.value == "failed"
    assert "denied" in found.why.lower()
    assert not any("s3cret" in path.read_text() for path in out.iterdir())


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("", ["loose-ssl-verify-server-cert=0"]),
        (
            "?ssl_ca=/ca.pem",
            ['ssl-ca="/ca.pem"', "loose-ssl-mode=VERIFY_IDENTITY", "loose-ssl-verify-server-cert=1"],
        ),
        ("?ssl_ca=/ca.pem&ssl_check_hostname=false", ['ssl-ca="/ca.pem"', "loose-ssl-mode=VERIFY_CA"]),
    ],
)
def test_the_tools_of_mysql_are_as_strict_as_the_application(query: str, lines: list[str]) -> None:
    text = option_file(make_url(f"mysql+pymysql://u:p@db:3307/app{query}")).splitlines()
    assert text[:5] == ["[client]", 'user="u"', 'password="p"', 'host="db"', 'port="3307"']
    assert set(lines) <= set(text)


def test_a_dump_of_postgresql_restores_into_a_fresh_database(postgresql: PostgreSQL, out: Path) -> None:
    name, fresh = postgresql.create_database(), postgresql.create_database()
    with postgresql.connect(name) as connection:
        connection.execute("CREATE TABLE jobs (id INT PRIMARY KEY, what TEXT)")
        connection.execute("INSERT INTO jobs VALUES (1, E'Käse \\\\ ; \\n🧀'), (2, NULL)")
        expected = connection.execute("SELECT * FROM jobs ORDER BY id").fetchall()
    found = dump(out, postgresql.url(name))
    assert (found.status.value, found.why) == ("collected", "")
    psql = shutil.which("psql")
    assert psql is not None
    command = [
        psql,
        "-v",
        "ON_ERROR_STOP=1",
        "-q",
        "-h",
        str(postgresql.directory),
        "-U",
        "postgres",
        "-d",
        fresh,
    ]
    subprocess.run([*command, "-f", str(out / found.file)], check=True, capture_output=True, timeout=60)
    with postgresql.connect(fresh) as connection:
        assert connection.execute("SELECT * FROM jobs ORDER BY id").fetchall() == expected


def test_the_password_of_postgresql_is_in_no_environment() -> None:
    url = make_url("postgresql+psycopg://u:s3cret@db:5433/app?sslmode=verify-full&sslrootcert=/ca.pem")
    found = postgresql_environment(url, "/private")
    assert found == {
        "PGHOST": "db", "PGPORT": "5433", "PGUSER": "u", "PGDATABASE": "app", "PGPASSFILE": "/private",
        "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem", "PGCONNECT_TIMEOUT": "10",
    }  # fmt: skip


def test_a_copy_of_sqlite_is_of_one_moment_while_others_write(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "a #1?.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, what TEXT)")
        database.executemany("INSERT INTO jobs (what) VALUES (?)", [("x" * 1000,)] * 3000)
        database.commit()
        database.execute("INSERT INTO jobs (what) VALUES ('not committed')")
        url = make_url("sqlite://").set(database=str(path)).render_as_string(hide_password=False)
        found = dump(out, url)
        database.rollback()
    assert (found.status.value, found.why) == ("collected", "")
    with closing(sqlite3.connect(out / found.file)) as copy:
        assert copy.execute("SELECT COUNT(*) FROM jobs").fetchone() == (3000,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:////nowhere/at/all.db", "not there"),
        ("mssql+pyodbc://u:s3cret@db/app", "only mariadb, mysql, postgresql, sqlite"),
        ("nonsense", "only mariadb"),
        ("mysql+pymysql://u:s3cret@db", "names no database"),
    ],
)
def test_what_cannot_be_dumped_is_named(out: Path, url: str, why: str) -> None:
    found = dump(out, url)
    assert found.status.value == "missing"
    assert why in found.why
    assert "s3cret" not in found.why


def test_a_tool_that_is_not_installed_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = dump(out, "mysql+pymysql://u@127.0.0.1:1/app")
    assert (found.status.value, found.why) == (
        "missing", "mariadb-dump or mysqldump is not installed on this machine"
    )  # fmt: skip
