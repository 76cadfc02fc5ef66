"""The processes of a benchmark: a Valkey on a unix socket, workers of `benchmarks.noop`. All are ended.

They come from `tests.support`, which has the kernel kill each when we die, however we die.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.noop import build
from guard.clock import SystemClock
from guard.store.sql.store import SqlStore
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess
from tests.support.shortdirs import remove_dir, short_dir
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celery import Celery

    from guard import Guard

__all__ = ["Arm", "Fleet"]

_ROOT = Path(__file__).resolve().parent.parent


class Fleet:
    """One server, one folder, and the processes started in it."""

    def __init__(self, *extra: str) -> None:
        self.folder = short_dir("bench")
        self.valkey = Valkey(extra=extra)
        self._processes: list[LocalProcess] = []
        self._guards: list[Guard] = []

    def __enter__(self) -> Self:
        try:
            self.valkey.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for guard in self._guards:
            guard.close()
        self.valkey.close()
        remove_dir(self.folder)

    def arm(self, db: int, *, guarded: bool, **environ: str) -> Arm:
        """The app in a database of its own, with the guard or without."""
        return Arm(self, db, guarded=guarded, environ=environ)

    def run(self, name: str, argv: Sequence[str], environ: dict[str, str]) -> LocalProcess:
        """Start a program that ends with the fleet."""
        env = {"PYTHONPATH": str(_ROOT), **environ}
        process = LocalProcess(f"{name}-{len(self._processes)}", argv, workdir=self.folder, env=env)
        self._processes.append(process)
        return process.start()

    def adopt(self, guard: Guard) -> None:
        """Close this guard before the server goes."""
        self._guards.append(guard)


class Arm:
    """One of the two sides of a comparison."""

    def __init__(self, fleet: Fleet, db: int, *, guarded: bool, environ: dict[str, str]) -> None:
        self.fleet = fleet
        self.db = db
        self.guarded = guarded
        self.label = f"{'guarded' if guarded else 'plain'}{db}"
        self.environ = {"BENCH_BROKER": fleet.valkey.broker_url(db), "PYTHONHASHSEED": "0", **environ}
        if guarded:
            self.environ |= {
                "BENCH_GUARDED": "1",
                "REDIS_URL": fleet.valkey.url(db),
                "DATABASE_URL": f"sqlite:///{fleet.folder / f'guard{db}.db'}",
                "GUARD_LOCAL_CLOSE_FILE": str(fleet.folder / f"closed{db}"),
                "GUARD_SECRET_KEY": "benchmark-secret-of-32-characters",
            }

    def app(self) -> tuple[Celery, Guard | None]:
        """The app in this process."""
        app, guard = build(self.environ)
        if guard is not None:
            self.fleet.adopt(guard)
        return app, guard

    def migrate(self) -> None:
        """Make the guard's tables, as `maintenance migrate` does before a deployment: a worker that has to do
        it by itself, which only SQLite lets it, has SQLAlchemy and Alembic in its memory from then on."""
        url = self.environ["DATABASE_URL"]
        store = SqlStore(url, clock=SystemClock(), auto_migrate=True)
        store.migrate()
        store.close()

    def process_environ(self) -> dict[str, str]:
        """The environment of a process of this arm."""
        return {**os.environ, "PYTHONPATH": str(_ROOT), **self.environ}

    def worker(self, *, name: str = "w", concurrency: int = 1, queues: str = "jobs") -> LocalProcess:
        """Start a prefork worker, without waiting."""
        options = ["-P", "prefork", "-c", str(concurrency), "-Q", queues, "-n", f"{name}@{self.label}"]
        argv = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "benchmarks.celery_main",
            "-A",
            "benchmarks.noop",
            "worker",
        ]
        argv += ["-l", "WARNING", *options, "--without-gossip", "--without-mingle"]
        ready = self.ready_file(name)
        ready.unlink(missing_ok=True)
        return self.fleet.run(f"{name}-{self.label}", argv, {**self.environ, "BENCH_READY": str(ready)})

    def ready_file(self, name: str = "w") -> Path:
        """Where a worker says that it is ready."""
        return self.fleet.folder / f"ready-{name}-{self.label}"

    def ready(self, process: LocalProcess, name: str = "w") -> tuple[float, float]:
        """Wait for a worker: the moment when it was ready, and the processor time of its start."""

        def said() -> Any:
            if not process.alive:
                raise SystemExit(f"a worker of the benchmark ended: {process.log_tail}")
            return json.loads(self.ready_file(name).read_text("utf-8"))

        at, used = eventually(said, within=60, what=f"worker {name}@{self.label}")
        return float(at), float(used)
