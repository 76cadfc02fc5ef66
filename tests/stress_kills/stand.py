"""Servers and workers of some rounds: a Valkey, a proxy before the guard's Redis, two prefork workers."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Self

from tests.stress_kills.app import WORKERS, build
from tests.stress_kills.journal import Journal
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess
from tests.support.shortdirs import remove_dir, short_dir
from tests.support.toxic import Toxic
from tests.support.valkey import Valkey

__all__ = ["VISIBILITY", "Stand"]

VISIBILITY = 30
"""Seconds after which Redis gives back what a killed worker had; longer than any round."""
_STANDERS_BY = 2


class Stand:
    """Everything is started at entry and ended at exit; the folder is removed unless it is to be kept.

    Args:
        children: guarded jobs that each worker runs at once.
        ledger: whether the guard keeps its ledger.
        mistake: one of `mistakes`, for both workers.
    """

    def __init__(self, *, children: int, ledger: bool, mistake: str = "") -> None:
        self.children = children
        self.ledger = ledger
        self.folder = short_dir("kills")
        self.keeps_folder = False
        self._stack = contextlib.ExitStack()
        self._mistake = mistake
        self._started = 0
        self.workers: dict[str, LocalProcess] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.kill()
        if hasattr(self, "proxy"):
            self.proxy.down = True  # nobody is left to talk to
        self._stack.close()
        if not self.keeps_folder:
            remove_dir(self.folder)

    def _start(self) -> None:
        server = self._stack.enter_context(Valkey())
        self.proxy = self._stack.enter_context(Toxic(server.socket))
        broker, backend, control = (server.fresh_db() for _ in range(3))
        self.events = Journal(self.folder / "events.jsonl")
        common = {
            "KILLS_BROKER": server.broker_url(broker),
            "KILLS_BACKEND": server.broker_url(backend),
            "KILLS_VISIBILITY": str(VISIBILITY),
            "DATABASE_URL": f"sqlite:///{self.folder / 'guard.db'}",
            "GUARD_SECRET_KEY": "kills-of-emergencies-secret",
            "GUARD_LEDGER": "true" if self.ledger else "false",
            "GUARD_LOCAL_CLOSE_FILE": str(self.folder / "closed"),
        }
        self._environ = {
            **common,
            "REDIS_URL": f"redis://127.0.0.1:{self.proxy.port}/{control}",
            "KILLS_EVENTS": str(self.events.path),
            "KILLS_MISTAKE": self._mistake,
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]),
        }
        self.app, self.guard = build({**common, "REDIS_URL": server.url(control)})
        self._stack.callback(self.app.close)
        self._stack.callback(self.guard.close)
        for name in WORKERS:
            self.start_worker(name)
        for name in WORKERS:
            self.ready(name)

    def start_worker(self, name: str) -> None:
        """Start one, in the place of one that is gone, without waiting."""
        self._started += 1
        argv = [
            *(
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "celery",
                "-A",
                "tests.stress_kills.app",
                "worker",
                "-l",
                "INFO",
            ),
            *("-c", str(self.children + _STANDERS_BY), "-Q", f"{name},aside", "-n", f"{name}@kills"),
            *("--without-gossip", "--without-mingle"),
        ]
        worker = LocalProcess(f"{name}-{self._started}", argv, workdir=self.folder, env=self._environ)
        self.workers[name] = worker.start()

    def ready(self, name: str) -> None:
        """Wait until it says so."""
        worker = self.workers[name]
        eventually(
            lambda: f"{name}@kills ready." in worker.log, within=300, what=f"worker {name} to be ready"
        )

    def kill_main(self, name: str) -> None:
        """SIGKILL for a worker's main process; its children know nothing of it."""
        self.workers[name].signal(signal.SIGKILL)
        self.workers[name].wait(5)

    def reap(self, name: str) -> None:
        """What a container's runtime does when the main process has gone."""
        self.workers[name].signal_group(signal.SIGKILL)
