"""MariaDB and RabbitMQ take the configurations in `docker/`. That of Redis: see test_redis_users.py."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.require import require_binary, require_server

if TYPE_CHECKING:
    from tests.support.rabbitmq import RabbitMQ

DOCKER = Path(__file__).parents[2] / "docker"


def test_mariadb_knows_every_option() -> None:
    require_server("mariadb")
    options = [f"--defaults-file={DOCKER / 'mariadb.cnf'}", "--user=mysql", "--verbose", "--help"]
    command = [require_binary("mariadbd"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert said["character-set-server"] == "utf8mb4"
    assert said["default-time-zone"] == "+00:00"
    assert said["innodb-flush-log-at-trx-commit"] == "1"
    assert "STRICT_TRANS_TABLES" in done.stdout


@pytest.mark.slow
def test_rabbitmq_takes_its_configuration() -> None:
    require_server("rabbitmq")
    from tests.support.rabbitmq import RabbitMQ

    class Configured(RabbitMQ):
        def _write_files(self) -> None:
            super()._write_files()
            path = self.directory / "rabbitmq.conf"
            ours = (DOCKER / "rabbitmq.conf").read_text("utf-8")
            theirs = [line for line in path.read_text("utf-8").splitlines() if line.split(" ")[0] not in ours]
            path.write_text("\n".join([*theirs, ours]), "utf-8")

    with Configured() as server:
        limits = eventually(lambda: _limits(server), within=30, what="figures of the node")
        assert limits == (2_000_000_000, 600_000_000)


def _limits(server: RabbitMQ) -> tuple[int, int]:
    (node,) = server.api("GET", "nodes").json()  # gathered some seconds after the start
    return node["disk_free_limit"], node["mem_limit"]
