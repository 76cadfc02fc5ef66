"""The servers of one fleet: broker, control plane, durable store, results; faults come through proxies.

Data outlive a crash of their server, as those of production servers do. What is on the control plane lies on
a disk of its own, which can be filled, where this process may mount one.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from typing import TYPE_CHECKING

from guard.clock import SystemClock
from guard.store.sql.store import SqlStore
from tests.support.eventually import eventually
from tests.support.mariadb import MariaDB
from tests.support.rabbitmq import PASSWORD, USER, RabbitMQ
from tests.support.require import require_binary
from tests.support.toxic import Toxic
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Servers", "may_mount"]

DISK_MB = 256
SLOW_START = 300.0
_NEW_MOUNTS = 0x00020000
_KEPT = ("--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-min-size", "8mb")
"""What was written is with the kernel before it is answered: a killed server loses nothing of it."""


def _repair(server: Valkey) -> None:
    for file in server.directory.glob("appendonlydir/*.incr.aof"):
        command = [str(require_binary("redis-check-aof")), "--fix", str(file)]
        subprocess.run(command, input="y\n", text=True, capture_output=True, check=True)


def may_mount() -> bool:
    """Get mounts of our own, which end with this process; whether that worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(_NEW_MOUNTS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode == 0


class Servers:
    """All servers of a fleet, and a proxy before each that agents and workers talk to.

    Attributes:
        disk: the folder of the control plane's own disk; None where none could be mounted.
    """

    def __init__(self, broker: str, *, mount: bool) -> None:
        self.kind = broker
        self.results = Valkey()
        self.control = Valkey(extra=_KEPT)
        self.disk = _mounted(self.control.directory) if mount else None
        self.database = MariaDB()
        self.broker: Valkey | RabbitMQ = RabbitMQ() if broker == "rabbitmq" else Valkey(extra=_KEPT)
        self._started: list[Valkey | MariaDB | RabbitMQ] = []
        self._proxies: list[Toxic] = []

    def start(self) -> None:
        """Start all of them; the database is made and migrated."""
        for server in (self.results, self.control, self.database, self.broker):
            self._started.append(server)
            self.revive(server)
        name = self.database.create_database()
        store = SqlStore(self.database.url(name), clock=SystemClock(), auto_migrate=False)
        store.migrate()
        store.close()
        self.to_control = self._proxy(self.control.socket)
        self.to_database = self._proxy(self.database.socket)
        is_rabbitmq = isinstance(self.broker, RabbitMQ)
        self.to_broker = self._proxy(("127.0.0.1", self.broker.port) if is_rabbitmq else self.broker.socket)
        self.environ = {
            "STRESS_BROKER": f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.to_broker.port}//"
            if is_rabbitmq
            else f"redis://127.0.0.1:{self.to_broker.port}/0",
            "STRESS_BACKEND": self.results.broker_url(),
            "REDIS_URL": f"redis://127.0.0.1:{self.to_control.port}/0",
            "DATABASE_URL": f"mysql+pymysql://root@127.0.0.1:{self.to_database.port}/{name}?charset=utf8mb4",
        }

    def direct(self) -> dict[str, str]:
        """What differs in the environment of somebody whom no proxy disturbs: the judge."""
        return {"REDIS_URL": self.control.url()}

    def _proxy(self, upstream: tuple[str, int] | Path) -> Toxic:
        proxy = Toxic(upstream).start()
        self._proxies.append(proxy)
        return proxy

    def heal(self) -> None:
        """Every server runs and answers, every proxy passes everything on."""
        for proxy in self._proxies:
            disturbed = proxy.down or proxy.blackhole or proxy.cut_after is not None
            proxy.down, proxy.blackhole, proxy.cut_after, proxy.latency = False, False, None, 0.0
            if disturbed:
                proxy.reset_all()
        self.empty_disk()
        for server in self._started:
            if server.process.alive:
                server.thaw()
            else:
                self.revive(server)
        for server in (self.broker, self.control):
            if isinstance(server, Valkey):
                eventually(lambda server=server: self._has_room(server), within=60, what="room again")

    def _has_room(self, server: Valkey) -> bool:
        if not server.process.alive:  # it was about to end when all were looked at
            self.revive(server)
        return self.set_memory(server, "0")

    @staticmethod
    def revive(server: Valkey | MariaDB | RabbitMQ) -> None:
        """Start a server. On a machine that is busy RabbitMQ takes minutes. An append-only file that a full
        disk has damaged is repaired first, as the server's log tells operators to do."""
        try:
            server.start()
        except AssertionError:
            if isinstance(server, Valkey) and "Bad file format" in server.process.log_tail:
                _repair(server)
                server.start()
                return
            eventually(server._answers, within=SLOW_START, what=f"{type(server).__name__} to answer at last")

    @staticmethod
    def set_memory(server: Valkey, most: str) -> bool:
        """How much a server may keep: "0" is everything, "1" refuses each write. True when that is done."""
        with server.client() as client:
            return bool(client.config_set("maxmemory", most))

    def fill_disk(self) -> None:
        """Leave no byte on the control plane's disk."""
        assert self.disk is not None
        with (self.disk / "filler").open("wb") as filler:
            try:
                while True:
                    filler.write(bytes(1 << 20))
                    filler.flush()
            except OSError:
                pass  # that is what it is for

    def empty_disk(self) -> None:
        """Give that space back."""
        if self.disk is not None:
            (self.disk / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        """End all; nothing of them is kept."""
        for proxy in self._proxies:
            proxy.close()
        for server in self._started:
            if server.process.alive:
                server.process.kill()
        if self.disk is not None:
            subprocess.run(["umount", "--lazy", str(self.disk)], capture_output=True)
        for server in (self.results, self.control, self.database, self.broker):
            server.close()


def _mounted(folder: Path) -> Path | None:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "stress", str(folder)], capture_output=True
    )
    return folder if done.returncode == 0 else None
