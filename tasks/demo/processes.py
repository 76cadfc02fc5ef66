"""Child processes that cannot outlive the demo, not even when it is killed with SIGKILL."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

LOG_LINES: Final = 15
_SETPRIV: Final = shutil.which("setpriv")
"""Of util-linux. Without it a SIGKILL of the demo is not followed by the children's end; all else is."""


class ProcessFailed(Exception):
    """A process of the demo did not start, or ended by itself. The text has the end of its log."""


class Child:
    """One program in its own process group; stdout and stderr go to `log`.

    The kernel ends it with the thread that started it: start from the main thread.
    """

    def __init__(
        self, name: str, argv: Sequence[str], *, log: Path, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = log
        guarded = [_SETPRIV, "--pdeathsig", "KILL", "--", *argv] if _SETPRIV else list(argv)
        with log.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    guarded,
                    cwd=cwd,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProcessFailed(f"{name} could not be started: {error}") from error

    @property
    def pid(self) -> int:
        """Its process: `setpriv` has become the program."""
        return self._process.pid

    def check(self) -> None:
        """Raise if it has ended.

        Raises:
            ProcessFailed: It has; why, and the end of its log.
        """
        code = self._process.poll()
        if code is not None:
            raise self.failure(f"ended with {_meaning(code)}")

    def failure(self, what: str) -> ProcessFailed:
        """The error that says what became of it, with the end of its log."""
        return ProcessFailed(f"{self.name} {what}. The end of its log:\n{self._log_end()}")

    def freeze(self) -> None:
        """Let it stand still: it holds its connections, and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """SIGTERM; a worker then finishes what it runs."""
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end until this monotonic time; silent when that is over."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return

    def kill(self) -> None:
        """SIGKILL for it and all its children, and collect it. Harmless when it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: the latter, of zombies
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines) if lines else "    (it is empty)"


def stop(children: Iterable[Child], *, patience: float) -> None:
    """Ask all to stop, wait for at most `patience` seconds in all, then kill what is left of them."""
    group = list(children)
    until = time.monotonic() + patience
    try:
        if patience > 0:
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.wait(until)
    finally:
        for child in group:
            child.kill()


def _meaning(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
