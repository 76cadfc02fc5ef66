"""One process of a service, in a group of its own. It cannot outlive this one, not even a SIGKILL of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SETPRIV: Final = shutil.which("setpriv")
_LOG_LINES: Final = 15


class CannotStart(Exception):
    """A program is not there, or does not run."""


class Child:
    """A program; stdout and stderr are appended to `log`.

    The kernel kills it with the thread that started it: start from the main thread. Its own children are in
    its process group and get what `kill` sends.
    """

    pipes = False
    """Whether it is talked to: `input` and `output` then are pipes."""

    def __init__(self, argv: Sequence[str], *, log: Path, cwd: Path, environment: Mapping[str, str]) -> None:
        self.argv = tuple(argv)
        self.log = log
        guarded = [_SETPRIV, "--pdeathsig", "KILL", "--", *argv] if _SETPRIV else list(argv)
        if shutil.which(argv[0], path=environment.get("PATH")) is None:
            raise CannotStart(f"the program {argv[0]} is not there")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                guarded,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE if self.pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.pipes else output,
                stderr=output,
                start_new_session=True,
                text=True,
            )

    @property
    def pid(self) -> int:
        """Its process: `setpriv` has become the program."""
        return self._process.pid

    @property
    def input(self) -> IO[str]:
        """Its standard input, with `pipes`."""
        assert self._process.stdin  # noqa: S101 - see `pipes`
        return self._process.stdin

    @property
    def output(self) -> IO[str]:
        """Its standard output, with `pipes`."""
        assert self._process.stdout  # noqa: S101 - see `pipes`
        return self._process.stdout

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def send(self, number: int) -> None:
        """Send a signal to the program alone, as an engine does to the first process of a container."""
        if self.code is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL for it and all its children, and collect it. Harmless when it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self.pipes:
            self.input.close()
            self.output.close()

    def log_end(self) -> str:
        """The last lines that it wrote."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines) if lines else "    (it wrote nothing)"


def meaning(code: int) -> str:
    """An exit code in words."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
