"""Real local processes that cannot outlive the test run, not even when pytest is killed with SIGKILL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Self

import psutil

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

# util-linux; on systems without it only the group kill of `kill` and `terminate` protects us
SETPRIV = shutil.which("setpriv")
LOG_TAIL = 4000


class LocalProcess:
    """A program in its own session and process group; stdout and stderr go to `<workdir>/<name>.log`.

    `setpriv` asks the kernel to kill the program when the *thread* that started it ends, so start
    processes from the main thread only (`start` insists). Its children are in the same process group
    and die with `kill` and `terminate`; after a SIGKILL of pytest they have to notice by themselves,
    as Celery's prefork children do.
    """

    def __init__(
        self, name: str, argv: Sequence[str | Path], *, workdir: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.argv = [str(part) for part in argv]
        self.workdir = workdir
        self.env = {**os.environ, **(env or {})}
        self.log_file = workdir / f"{name}.log"
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start the program, or start it again after its end (the log goes on in the same file)."""
        if self.alive:
            raise RuntimeError(f"{self.name} is already running as pid {self.pid}")
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"start {self.name} from the main thread: it dies with its thread")
        guard = [SETPRIV, "--pdeathsig", "KILL", "--"] if SETPRIV else []
        with self.log_file.open("ab") as log:
            self._popen = subprocess.Popen(
                [*guard, *self.argv],
                cwd=self.workdir,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        """Process id of the program; also the id of its process group."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the program itself still runs (its children are not asked)."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._running().poll()

    @property
    def log(self) -> str:
        """All that was written so far to stdout and stderr, restarts included."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def children(self) -> list[psutil.Process]:
        """All descendants, e.g. a worker's pool processes."""
        return psutil.Process(self.pid).children(recursive=True) if self.alive else []

    def signal(self, number: int) -> None:
        """Send a signal to the program only, as `docker kill -s` does; children see nothing of it."""
        self._running().send_signal(number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the program and its children; silent when none is left."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """SIGKILL for the whole group, as a power cut; returns when the program is gone."""
        self.signal_group(signal.SIGKILL)
        self.wait(10)

    def terminate(self, within: float = 15.0) -> int:
        """SIGTERM and wait; what is left of the group after that time is killed. Returns the exit code."""
        popen = self._running()
        if popen.poll() is None:
            popen.send_signal(signal.SIGTERM)
            self.signal_group(signal.SIGCONT)  # a frozen process would never see the SIGTERM
            try:
                popen.wait(within)
            except subprocess.TimeoutExpired:
                self.signal_group(signal.SIGKILL)
        self.signal_group(signal.SIGKILL)
        return popen.wait(10)

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for the end of the program and return its exit code."""
        try:
            return self._running().wait(timeout)
        except subprocess.TimeoutExpired:
            message = f"{self.name} still runs after {timeout:g} s; its log ends:\n{self.log_tail}"
            raise AssertionError(message) from None

    def freeze(self) -> None:
        """SIGSTOP for the program only: it stays connected but does nothing, as a long pause would."""
        self.signal(signal.SIGSTOP)
        eventually(lambda: _stopped(psutil.Process(self.pid)), within=5, what=f"{self.name} to be frozen")

    def thaw(self) -> None:
        """Let a frozen program go on."""
        self.signal(signal.SIGCONT)

    def freeze_group(self) -> None:
        """SIGSTOP for the program and all its children."""
        self.signal_group(signal.SIGSTOP)
        family = [psutil.Process(self.pid), *self.children()]
        eventually(lambda: all(map(_stopped, family)), within=5, what=f"{self.name} and its children frozen")

    def thaw_group(self) -> None:
        """Let a frozen group go on."""
        self.signal_group(signal.SIGCONT)

    @property
    def log_tail(self) -> str:
        """The end of the log, for messages of failed tests."""
        return self.log[-LOG_TAIL:]

    def close(self) -> None:
        """End it whatever its state is; safe to call twice and before `start`."""
        if self._popen is not None:
            self.terminate()

    def __enter__(self) -> Self:
        return self if self.alive else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._popen is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._popen


def is_gone(process: psutil.Process) -> bool:
    """Whether a process (e.g. one of `children()`) has ended; a zombie has, it only waits to be collected."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _stopped(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_STOPPED)
