"""A Redis exactly as `docker/` sets it up: its configuration and its users, made by `docker/make_secrets`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKER = Path(__file__).parents[2] / "docker"
TESTER = "user tester on nopass ~* &* +@all"
"""For what tests look at and prepare; what is tested never uses it."""


class ProductionRedis(Valkey):
    """One server with the users of `docker/users.acl`.

    Args:
        binary: Redis or Valkey; None: the bundled Valkey.
        user: whose address `url` and `broker_url` give.
        rules: for tests of the rules themselves: user -> words added to its line.
        record: a folder for what was used and refused, written at the end.
    """

    def __init__(
        self,
        *,
        binary: Path | None = None,
        user: str = "guard",
        rules: Mapping[str, str] | None = None,
        record: Path | None = None,
    ) -> None:
        super().__init__(binary=binary)
        self.user = user
        self._record = record
        self._is_older = binary is not None  # Debian's, which knows no CLIENT SETINFO
        self.passwords = {
            "guard": "g" * 48,
            "sessions": "s" * 48,
            "results": "r" * 48,
            "broker": "b" * 48,
        }
        self._users = self.directory / "users"
        self._write_users(rules or {})
        words = self.process.argv
        self.process.argv = [
            *(words[0], str(DOCKER / "redis.conf"), "--aclfile", str(self._users)),
            *words[1 : words.index("--save")],
            *("--loglevel", "warning"),
        ]

    def _write_users(self, rules: Mapping[str, str]) -> None:
        secrets = self.directory / "secrets"
        secrets.mkdir()
        addresses = {
            "redis_url": "guard",
            "session_redis_url": "sessions",
            "celery_result_backend": "results",
            "celery_broker_url": "broker",
        }
        for name, user in addresses.items():
            (secrets / name).write_text(f"redis://{user}:{self.passwords[user]}@redis:6379/0\n", "utf-8")
        template = (DOCKER / "users.acl").read_text("utf-8")
        folder = self.directory / "docker"
        folder.mkdir()
        # with the line for Redis as the broker too
        (folder / "users.acl").write_text(_with_broker(template), "utf-8")
        (folder / "make_secrets").write_bytes((DOCKER / "make_secrets").read_bytes())
        subprocess.run(["sh", folder / "make_secrets", secrets], check=True, capture_output=True)
        lines = (secrets / "redis_users").read_text("utf-8").splitlines()
        if self._is_older:
            lines = [line.replace(" +client|setinfo", "") for line in lines]
        changed = [f"{line} {rules.get(line.split()[1], '')}" for line in lines]
        self._users.write_text("\n".join([*changed, TESTER, ""]), "utf-8")
        self._users.chmod(0o600)

    def url(self, db: int = 0, user: str = "") -> str:
        """Address for redis-py, as a user of the file."""
        name = user or self.user
        return f"unix://{name}:{self.passwords[name]}@{self.socket}?db={db}"

    def broker_url(self, db: int = 0, user: str = "") -> str:
        """Address for kombu and Celery's result backend."""
        name = user or self.user
        return f"redis+socket://{name}:{self.passwords[name]}@{self.socket}?virtual_host={db}"

    def client(self, db: int = 0) -> redis.Redis:
        """A client that may do everything."""
        return redis.Redis.from_url(
            f"unix://tester@{self.socket}?db={db}",
            decode_responses=True,
            socket_timeout=5,
            socket_connect_timeout=5,
        )

    def close(self) -> None:
        """End it, and record what it saw where that is wanted."""
        if self._record is not None and self.process.alive:
            said = {"used": sorted(self.used()), "refused": self.refusals()}
            (self._record / f"{self.process.pid}.json").write_text(json.dumps(said), "utf-8")
        super().close()

    def refusals(self) -> list[str]:
        """What was forbidden to whom since `forget`: ``guard: command|key|channel what``."""
        with self.client() as client:
            entries: list[dict[str, Any]] = client.acl_log()
        return [f"{entry['username']}: {entry['reason']} {entry['object']}" for entry in entries]

    def used(self) -> set[str]:
        """Commands that were run since `forget`, also those in scripts: ``get``, ``client|setname``."""
        with self.client() as client:
            names = client.info("commandstats")
        return {name.removeprefix("cmdstat_") for name in names}

    def forget(self) -> None:
        """From now on count anew."""
        with self.client() as client:
            client.acl_log_reset()
            client.config_resetstat()

    def allowed(self, user: str) -> set[str]:
        """Commands that the file allows a user."""
        with self.client() as client:
            words = client.acl_getuser(user)["commands"]
        return {word.removeprefix("+") for word in words if word.startswith("+")}


def _with_broker(template: str) -> str:
    """The file with the line for Redis as the broker too, as its comment says."""
    rules, broker, line = template.partition("# user broker")
    return rules + (broker + line).replace("#    ", "    ").replace("# user", "user") if broker else rules
