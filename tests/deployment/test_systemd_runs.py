"""Every ExecStart as it stands in its unit, with the unit's environment, starts, answers and ends."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from guard.alive.look import problems_of_marks, problems_of_url
from tests.deployment.places import CHECKOUT, DOCKER, SYSTEMD
from tests.deployment.units import SERVICES, expand, unit
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = "/opt/celery-guard/bin/celery"
PAGES = {
    "celery-guard-web.service": ("8080", "/api/maintenance/status"),
    "celery-guard-flower.service": ("5555", "/healthcheck"),
}


class Installed:
    """What the guide has an operator put on a host, in a folder of the test."""

    def __init__(self, root: Path, redis_url: str, broker_url: str) -> None:
        self.root = root
        self.ports = {port: str(free_port()) for port, _ in PAGES.values()}
        self.credentials = root / "credentials"
        for name in ("run/celery-guard", "var/lib/celery-guard", "etc/celery-guard", "credentials"):
            (root / name).mkdir(parents=True)
        (root / "etc/celery-guard/flowerconfig.py").write_bytes((DOCKER / "flowerconfig.py").read_bytes())
        given = {
            "database_url": f"sqlite:///{root / 'guard.db'}",
            "redis_url": redis_url,
            "celery_broker_url": broker_url,
            "celery_result_backend": broker_url,
            "guard_secret_key": secrets.token_hex(32),
            "guard_encryption_keys": "",
            "flower_basic_auth": f"operator:{secrets.token_hex(8)}",
        }
        for name, text in given.items():
            (self.credentials / name).write_text(text + "\n")
        from cryptography.fernet import Fernet

        (self.credentials / "guard_encryption_keys").write_bytes(Fernet.generate_key())

    def process(self, name: str) -> LocalProcess:
        """A service, not started."""
        one = unit(name)
        environment = {key: self._here(value) for key, value in one.environment(self.credentials).items()}
        program, *words = [self._here(word) for word in expand(one.command, environment, "1")]
        assert program == INSTALLED
        argv = [sys.executable, "-m", "celery", *words]
        own = {**environment, "PYTHONPATH": str(CHECKOUT)}
        return LocalProcess(name, argv, workdir=self.root / "var/lib/celery-guard", env=own)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`celery-guard WORDS`, as root runs it."""
        program = self.root / "celery"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m celery "$@"\n')
        program.chmod(0o700)
        script = self._here((SYSTEMD / "celery-guard").read_text().replace(INSTALLED, str(program)))
        script = script.replace(f"{self.root}/etc/celery-guard/secrets", str(self.credentials))
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)}
        return subprocess.run(
            ["sh", "-c", script, "celery-guard", *words], env=own, capture_output=True, text=True
        )

    @property
    def marks(self) -> Path:
        """Where the living leave their marks."""
        return self.root / "run/celery-guard/alive"

    def _here(self, text: str) -> str:
        for folder in ("/run/celery-guard", "/var/lib/celery-guard", "/etc/celery-guard"):
            text = text.replace(folder, str(self.root) + folder)
        name, found, port = text.rpartition("=")
        return name + found + self.ports.get(port, port)


@pytest.fixture
def installed(tmp_path, valkey) -> Installed:
    number = valkey.fresh_db()
    return Installed(tmp_path, valkey.url(number), valkey.broker_url(number))


def test_every_unit_starts_answers_and_ends_in_order(installed):
    running = {name: installed.process(name) for name in SERVICES}
    try:
        for process in running.values():
            process.start()
        migrate = running.pop("celery-guard-migrate.service")
        assert migrate.wait(60) == 0, migrate.log_tail

        def all_live() -> bool:
            for process in running.values():
                assert process.alive, process.log_tail
            return not problems_of_marks(installed.marks, ["jobs-1", "maintenance", "beat"])

        eventually(all_live, within=40, what="workers and beat to leave their marks")
        for port, path in PAGES.values():
            url = f"http://127.0.0.1:{installed.ports[port]}{path}"
            eventually(lambda url=url: not problems_of_url(url), within=40, what=f"{url} to answer")
        host = socket.gethostname()
        assert {path.name for path in installed.marks.iterdir()} >= {f"jobs-1@{host}", f"maintenance@{host}"}
        status = installed.command("status", "--json")
        assert status.returncode == 0, status.stderr
        assert json.loads(status.stdout)["workers"]["live"] == 2
        for process in running.values():
            process.signal(signal.SIGTERM)
        assert {name: process.wait(30) for name, process in running.items()} == dict.fromkeys(running, 0)
    finally:
        for process in (*running.values(), migrate):
            process.close()
