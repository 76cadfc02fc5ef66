"""A private PostgreSQL: own data folder, unix socket only. It refuses to be root's: root lends it a user."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from typing import Any, Self

import psycopg

from tests.support.eventually import eventually
from tests.support.processes import SETPRIV, LocalProcess
from tests.support.require import require_postgresql
from tests.support.server import Server
from tests.support.shortdirs import short_dir

_USER = "postgres"


class PostgreSQL(Server):
    """One server process whose data live until `close`."""

    def __init__(self) -> None:
        self._programs = require_postgresql()
        self.directory = short_dir("postgresql")
        self._lent: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self.directory, _USER, _USER)
            # In this order: the kernel forgets the signal when the user changes.
            self._lent = [
                str(SETPRIV), f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups",
                "--pdeathsig", "KILL", "--",
            ]  # fmt: skip
        self._datadir = self.directory / "data"
        argv = [
            *self._lent, str(self._programs / "postgres"), "-D", str(self._datadir),
            "-k", str(self.directory), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "autovacuum=off",
        ]  # fmt: skip
        self.process = LocalProcess("postgresql", argv, workdir=self.directory)
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """SQLAlchemy address of a database, for psycopg 3."""
        return f"postgresql+psycopg://{_USER}@/{database}?host={self.directory}"

    def create_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"t{next(self._numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return name

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection of somebody else's, without transactions."""
        return psycopg.connect(
            host=str(self.directory), user=_USER, dbname=database, autocommit=True, connect_timeout=5
        )

    def start(self) -> Self:
        """Make its data folder, start it, and wait until it answers."""
        initdb = [
            *self._lent, str(self._programs / "initdb"), "-D", str(self._datadir), "-U", _USER, "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync",
        ]  # fmt: skip
        # It writes into the folder where it stands.
        subprocess.run(
            initdb, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, cwd=self.directory
        )
        self.process.start()
        eventually(self._answers, within=60, what="postgres to answer")
        return self

    def _answers(self) -> bool:
        self.check_alive()
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True
