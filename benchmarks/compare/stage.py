"""Where a round is played: a fresh server, a contestant's workers, and two processes that speak for it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from benchmarks.compare.contestant import WORKERS, Span
from tests.support.eventually import eventually
from tests.support.processes import SETPRIV, LocalProcess, is_gone
from tests.support.shortdirs import remove_dir, short_dir
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.compare.contestant import Contestant

__all__ = ["Stage"]

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60


class Stage:
    """One contestant at work. Everything that it starts is ended with it."""

    def __init__(self, contestant: Contestant) -> None:
        self.contestant = contestant
        self.folder = short_dir("compare")
        self.journal = self.folder / "journal"
        self.workers: dict[int, LocalProcess] = {}
        self._valkey = Valkey(tcp=True)
        self._ever: list[LocalProcess] = []
        self._voices: list[Voice] = []

    def __enter__(self) -> Self:
        try:
            self._valkey.start()
            self.journal.touch()
            self.environ = {
                "PYTHONPATH": str(_ROOT),
                "COMPARE_JOURNAL": str(self.journal),
                "COMPARE_WAY": self.contestant.way,
                "COMPARE_BROKER": self._valkey.broker_url(),
                "COMPARE_REDIS": self._valkey.url(),
                "COMPARE_PORT": str(self._valkey.port),
                "REDIS_URL": self._valkey.url(1),
                **self.contestant.environ(self.folder),
            }
            self.contestant.prepare(self)
            self.start_workers()
            self.controller, self.publisher = self._voice("controller"), self._voice("publisher")
            self.workers_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for voice in self._voices:
            voice.close()
        for worker in self._ever:
            kill_with_descendants(worker)
        self._valkey.close()
        remove_dir(self.folder)

    def timed(self, deed: Callable[[], object]) -> Span:
        """Do it; when it began and when it was done."""
        begun = time.monotonic()
        deed()
        return begun, time.monotonic()

    def start_workers(self) -> None:
        """Start every worker that does not run, without waiting."""
        for number in range(WORKERS):
            if number not in self.workers or not self.workers[number].alive:
                self.start_worker(number)

    def start_worker(self, number: int) -> None:
        """Start one, with a log of its own."""
        count = len(self._ever) + 1
        argv = self.contestant.worker(count, self.environ)
        worker = LocalProcess(f"worker-{count}", argv, workdir=self.folder, env=self.environ)
        self._ever.append(worker.start())
        self.workers[number] = worker

    def workers_ready(self) -> None:
        """Wait until all say that they take jobs."""
        for number in self.workers:
            self.worker_ready(number)

    def worker_ready(self, number: int) -> None:
        """Wait for one."""
        worker, kind = self.workers[number], self.contestant

        def said() -> bool:
            if not worker.alive:
                raise SystemExit(f"{kind.name}: a worker ended: {worker.log_tail}")
            return worker.log.count(kind.ready_text) >= kind.ready_times

        eventually(said, within=_START_SECONDS, what=f"{kind.name} to be ready: {worker.log_tail}")

    def stop_workers(self) -> None:
        """SIGTERM to all at once, then wait for the last."""
        for worker in self.workers.values():
            worker.signal(15)
        for worker in self.workers.values():
            worker.wait(_START_SECONDS)

    def restart_worker(self, number: int) -> None:
        """SIGTERM, wait, and a new one."""
        self.workers[number].terminate(within=_START_SECONDS)
        self.start_worker(number)
        self.worker_ready(number)

    def kill_worker(self, number: int) -> None:
        """SIGKILL for it and all its descendants, as when a container dies, and a new one."""
        kill_with_descendants(self.workers[number])
        self.start_worker(number)
        self.worker_ready(number)

    def _voice(self, name: str) -> Voice:
        voice = Voice(f"{self.contestant.name} {name}", self)
        self._voices.append(voice)
        return voice


class Voice:
    """A process that speaks the line protocol of `serving`."""

    def __init__(self, name: str, stage: Stage) -> None:
        self._name = name
        argv = [str(part) for part in stage.contestant.tool()]
        with (stage.folder / f"{name.replace(' ', '-')}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*([SETPRIV, "--pdeathsig", "KILL", "--"] if SETPRIV else []), *argv],
                cwd=stage.folder,
                env={**os.environ, **stage.environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
            self._log = Path(log.name)

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """One request and its answer: `begun`, `returned`, `value`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise SystemExit(f"{self._name}, {do}: {answer['error']}\n{self._log.read_text()[-2000:]}")
        return answer

    def timed(self, do: str) -> Span:
        """When a call began and when it had returned, as told by the process that made it."""
        answer = self.ask(do)
        return answer["begun"], answer["returned"]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def kill_with_descendants(worker: LocalProcess) -> None:
    """Some put their children into other process groups, where killing the worker's group spares them."""
    family = worker.children()
    worker.kill()
    for child in family:
        if not is_gone(child):
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
