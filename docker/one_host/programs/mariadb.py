"""mariadbd with what the image's start script does: a data folder, a database, its user, root's password."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from one_host.child import CannotStart
from one_host.programs.program import Program

_PORT = 3306
_IS_WELL = "SELECT 1 FROM information_schema.engines WHERE engine = 'innodb' AND support = 'DEFAULT'"


class MariaDB(Program):
    """Debian's MariaDB in place of the image's."""

    ports = (_PORT,)

    @property
    def missing(self) -> str:
        """Both are in Debian's mariadb-server."""
        return next((name for name in ("mariadbd", "mariadb-install-db") if not self.find(name)), "")

    def prepare(self) -> None:
        """Make the data folder once, and say to the server who may come in, each time."""
        datadir = self._datadir
        if not (datadir / "mysql").exists():
            argv = [
                str(self.find("mariadb-install-db")), "--no-defaults", *self._user, f"--datadir={datadir}",
                "--auth-root-authentication-method=normal", "--skip-test-db",
            ]  # fmt: skip
            made = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if made.returncode:
                raise CannotStart(f"mariadb-install-db failed: {made.stderr[-800:]}")
        self._write_private("init.sql", self._statements())
        self._write_private("client.cnf", self._client())
        # The image's own script; what it looks for is that a client can log in and InnoDB is there.
        client = shlex.quote(str(self.place.home / "client.cnf"))
        self.place.stand_in("healthcheck.sh", f'exec mariadb --defaults-file={client} -e "{_IS_WELL}"')

    def argv(self) -> list[str]:
        """The server, with the mounted configuration, on its own address."""
        configuration = self.place.home / "server.cnf"
        configuration.write_text(
            f"!includedir {self.place.path('/etc/mysql/conf.d')}\n" if self._has_conf_d else ""
        )
        words = [word for word in self.place.service.command if word not in {"mariadbd", "mysqld"}]
        return [
            str(self.find("mariadbd")), f"--defaults-file={configuration}",
            *(self.place.translate(word) for word in words), *self._user,
            f"--datadir={self._datadir}", f"--bind-address={self.place.address}", f"--port={_PORT}",
            f"--socket={self.place.home / 's'}", f"--pid-file={self.place.home / 'pid'}",
            f"--tmpdir={self._datadir}", f"--init-file={self.place.home / 'init.sql'}",
            # a client of this host is 127.0.0.1 and not `localhost`, for which the server has other accounts
            "--skip-name-resolve",
        ]  # fmt: skip

    @property
    def _datadir(self) -> Path:
        return self.place.path("/var/lib/mysql")

    @property
    def _has_conf_d(self) -> bool:
        return any(mount.target.startswith("/etc/mysql/conf.d") for mount in self.place.service.mounts)

    @property
    def _user(self) -> list[str]:
        # mariadbd refuses to run as root unless told so
        return ["--user=root"] if os.geteuid() == 0 else []

    def _value(self, name: str) -> str:
        environment = self.environment()
        path = environment.get(f"MARIADB_{name}_FILE")
        return Path(path).read_text().strip() if path else environment.get(f"MARIADB_{name}", "")

    def _statements(self) -> str:
        user, database = self._value("USER"), self._value("DATABASE")
        password, root = _quoted(self._value("PASSWORD")), _quoted(self._value("ROOT_PASSWORD"))
        return (
            f"CREATE DATABASE IF NOT EXISTS `{database}`;\n"
            f"CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY {password};\n"
            f"GRANT ALL ON `{database}`.* TO '{user}'@'%';\n"
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY {root};\n"
        )

    def _client(self) -> str:
        return (
            f"[client]\nhost={self.place.address}\nport={_PORT}\nuser={self._value('USER')}\n"
            f'password="{self._value("PASSWORD")}"\ndatabase={self._value("DATABASE")}\n'
        )

    def _write_private(self, name: str, text: str) -> None:
        path = self.place.home / name
        path.touch(mode=0o600)
        path.write_text(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
