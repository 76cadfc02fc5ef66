"""A fleet for the acceptance tests: real workers of `tests.acceptance.shop` on a real broker.

with Shop(broker=…, backend=…, redis=…, folder=tmp_path) as shop:
    worker = shop.worker("w1", pool="prefork")
    shop.guard.enable(reason="test", by="me")
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.acceptance.shop import build
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    import guard

__all__ = ["Shop"]

SECRET = "acceptance-tests-secret"


class Shop:
    """One app, its journal and its processes. Everything is ended at exit."""

    def __init__(self, *, broker: str, backend: str, redis: str, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.journal = folder / "journal.jsonl"
        self.environ = {
            "SHOP_BROKER": broker,
            "SHOP_BACKEND": backend,
            "SHOP_JOURNAL": str(self.journal),
            "SHOP_BEAT_FILE": str(folder / "beat"),
            "REDIS_URL": redis,
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_SECRET_KEY": SECRET,
            # A shorter lease than the default 5 s: the first enable of a young fleet waits for one.
            "GUARD_LEASE_SECONDS": "3",
            "GUARD_RENEW_SECONDS": "0.75",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
            "PYTHONPATH": str(Path.cwd()),
            **environ,
        }
        self.app, self._guard = build(self.environ)
        self.processes: list[LocalProcess] = []

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.close()
        if self._guard is not None:
            self._guard.close()
        self.app.backend.close() if hasattr(self.app.backend, "close") else None
        self.app.close()

    @property
    def guard(self) -> guard.Guard:
        """The guard of the tests' own process."""
        assert self._guard is not None
        return self._guard

    def worker(
        self,
        name: str = "w1",
        *,
        pool: str = "prefork",
        concurrency: int = 2,
        queues: str = "guarded,mixed,open",
        **environ: str,
    ) -> LocalProcess:
        """Start a worker and wait until it is ready."""
        process = self.start_worker(name, pool=pool, concurrency=concurrency, queues=queues, **environ)
        eventually(
            lambda: f"{name}@shop ready." in process.log,
            within=30,
            what=f"worker {name} ready: {process.log_tail}",
        )
        return process

    def start_worker(
        self,
        name: str,
        *,
        pool: str = "prefork",
        concurrency: int = 2,
        queues: str = "guarded,mixed,open",
        **environ: str,
    ) -> LocalProcess:
        """Start a worker without waiting."""
        arguments = [
            "-P",
            pool,
            "-c",
            str(concurrency),
            "-Q",
            queues,
            "-n",
            f"{name}@shop",
            "--without-gossip",
            "--without-mingle",
        ]
        return self._celery(name, ["worker", "-l", "INFO", *arguments], environ)

    def settled(self) -> None:
        """Wait until the registry of workers is older than one lease: `enable()` of a younger fleet waits
        for that itself."""
        eventually(
            lambda: self.guard._parts.stores.plane.barrier().registry_age > 3.6,
            within=10,
            what="a whole registry",
        )

    def beat(self) -> LocalProcess:
        """Start beat."""
        return self._celery("beat", ["beat", "-l", "INFO"], {"SHOP_BEAT": "1"})

    def python(self, name: str, code: str, **environ: str) -> LocalProcess:
        """Run code in a process of its own; it finds the shop's guard as `guard`."""
        prelude = "from tests.acceptance.shop import app, installed as guard\n"
        return self._run(name, [sys.executable, "-W", "ignore", "-c", prelude + code], environ)

    def maintenance(self, *words: str) -> tuple[int, str]:
        """`maintenance …` as an operator types it: exit code and what it printed."""
        code = (
            "from click.testing import CliRunner\nfrom celery.bin.celery import celery\n"
            f"done = CliRunner().invoke(celery, ['-A', 'tests.acceptance.shop', 'maintenance', *{words!r}])\n"
            "print(done.output)\nraise SystemExit(done.exit_code)"
        )
        process = self.python("cli", code)
        process.wait(60)
        return process.returncode or 0, process.log

    def _celery(self, name: str, arguments: list[str], environ: dict[str, str]) -> LocalProcess:
        argv = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tests.acceptance.shop", *arguments]
        return self._run(name, argv, environ)

    def _run(self, name: str, argv: list[str], environ: dict[str, str]) -> LocalProcess:
        label = f"{name}-{len(self.processes)}"
        process = LocalProcess(label, argv, workdir=self.folder, env={**self.environ, **environ})
        process.start()
        self.processes.append(process)
        return process

    def cut_connections(self) -> None:
        """Cut every connection to the broker. The fixture gives RabbitMQ's own way.

        Only to the broker's database: a result consumer of this very process that loses its connection
        complains when it is collected, in whichever test that happens.
        """
        with self.app.connection_for_write() as connection:
            channel = connection.default_channel
            database = str(channel.pool.connection_kwargs.get("db") or 0)
            for client in channel.client.client_list():
                if client["db"] == database:
                    channel.client.client_kill_filter(_id=client["id"], skipme=True)

    def events(self, event: str = "start") -> list[dict[str, Any]]:
        """The journal so far."""
        if not self.journal.exists():
            return []
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]

    def runs(self) -> Counter[str]:
        """How often each job started."""
        return Counter(line["id"] for line in self.events())

    def accepted(self, number: int) -> None:
        """Wait until the one worker's main process has heard that so many jobs run.

        What it has not heard of when its warm shutdown begins Celery drops from its books (`AsynPool.flush`).
        """

        def active() -> int:
            found = self.app.control.inspect(limit=1).active() or {}
            return sum(map(len, found.values()))

        eventually(lambda: active() == number, what=f"{number} jobs to be known as running")

    def started_after(self, moment: float, *, guarded: bool = True) -> list[dict[str, Any]]:
        """Jobs that started after this time; by default those that a window blocks."""
        free = {"shop.free", "shop.free_on_mixed"}
        return [
            line for line in self.events() if line["at"] > moment and (line["task"] not in free) == guarded
        ]

    def enable(self, **options: Any) -> tuple[guard.Window, float]:
        """Open a window; gives the moment when the call had returned, too."""
        window = self.guard.enable(**{"reason": "test", "by": "tests", "duration": 600, **options})
        return window, time.time()

    def send(self, name: str, *args: Any, **options: Any) -> Any:
        """Publish one of the shop's jobs."""
        return self.app.tasks[f"shop.{name}"].apply_async(args, **options)
