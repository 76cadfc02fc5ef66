"""A private MariaDB: own data folder, unix socket only, so it neither needs nor disturbs the system's one."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
from typing import Self

import pymysql

from guard.unix_socket import connect_mysql
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess
from tests.support.require import require_binary
from tests.support.server import Server
from tests.support.shortdirs import short_dir


class MariaDB(Server):
    """One server process whose data live until `close`; stop, crash and start keep them."""

    def __init__(self) -> None:
        self.directory = short_dir("mariadb")
        self.socket = self.directory / "s"
        # mariadbd refuses to run as root unless told so
        self._user = ["--user=root"] if os.geteuid() == 0 else []
        self._datadir = self.directory / "data"
        argv = [
            str(require_binary("mariadbd")), "--no-defaults", *self._user,
            f"--datadir={self._datadir}", f"--socket={self.socket}", "--skip-networking",
            # a folder of its own: a server that starts deletes what others keep in a common one
            f"--tmpdir={self._datadir}",
            "--skip-log-bin", "--performance-schema=OFF", "--innodb-buffer-pool-size=16M",
            # tests crash the process, never the machine: no need to wait for the disk
            "--innodb-flush-log-at-trx-commit=2", "--character-set-server=utf8mb4", "--max-connections=300",
        ]  # fmt: skip
        self.process = LocalProcess("mariadb", argv, workdir=self.directory)
        self._numbers = itertools.count(1)

    def start(self) -> Self:
        """Start it (the first time after making the data folder) and wait until it answers."""
        if not self._datadir.exists():
            self._make_datadir()
        self.process.start()
        eventually(self._answers, within=60, what="mariadbd to answer")
        return self

    def url(self, database: str) -> str:
        """SQLAlchemy address of a database; root has no password, the socket's folder is private."""
        return f"mysql+pymysql://root@/{database}?unix_socket={self.socket}&charset=utf8mb4"

    def create_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"t{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(self, statement: str) -> None:
        """Run one statement as root, for what the code under test must not do itself."""
        connection = self._connect()
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def _make_datadir(self) -> None:
        subprocess.run(
            [
                str(require_binary("mariadb-install-db")), "--no-defaults", *self._user,
                f"--datadir={self._datadir}", "--auth-root-authentication-method=normal", "--skip-test-db",
            ],
            check=True,
            env={**os.environ, "TMPDIR": str(self.directory)},  # two at once would delete each other's files
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )  # fmt: skip

    def _answers(self) -> bool:
        self.check_alive()
        # PyMySQL leaks its socket when nobody listens, which the tests' strict warnings would report
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.socket))
        self._connect().close()
        return True

    def _connect(self) -> pymysql.Connection:
        return connect_mysql(
            pymysql, unix_socket=str(self.socket), user="root", autocommit=True, connect_timeout=5
        )
