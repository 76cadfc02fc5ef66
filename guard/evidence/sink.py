"""Where a collector writes: one file, hashed on its way, with an end in time and in space.

A collector runs in a thread of its own, and a thread cannot be ended: so each write asks whether it still
may, and a tool that was started is killed when the time is over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from guard.core.amounts import in_bytes
from guard.evidence.folder import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["RESERVE", "NoRoom", "Sink", "Stopped", "ToolFailed"]

RESERVE = 64 * 2**20
"""Bytes that stay free on the disk: a full one would stop what still works on this machine."""
_PIECE = 2**20
_LOOK_EVERY = 32 * 2**20
_LONGEST_COMPLAINT = 400


class Stopped(Exception):
    """The time of this part is over, or the whole run was interrupted."""


class NoRoom(Exception):
    """The disk is full but for the reserve."""


class ToolFailed(Exception):
    """A tool ended with an error. `complaint` is the end of what it said, as it said it."""

    def __init__(self, tool: str, code: int, complaint: str) -> None:
        super().__init__(f"{tool} ended with exit code {code}: {complaint or 'it said nothing'}")
        self.complaint = complaint


class Sink:
    """One file that is being written.

    Args:
        descriptor: of the new, empty file; the sink closes it.
        path: of the same file, for a library that takes no descriptor; see `reread`.
        free_bytes: what is left on the disk.
        reserve: bytes that are to stay free.
    """

    def __init__(
        self, descriptor: int, *, path: Path, free_bytes: Callable[[], int], reserve: int = RESERVE
    ) -> None:
        self.path = path
        self.size = 0
        self._descriptor = descriptor
        self._digest = sha256()
        self._reread: str | None = None
        self._free_bytes = free_bytes
        self._reserve = reserve
        self._look_at = 0
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._tool: subprocess.Popen[bytes] | None = None

    @property
    def sha256(self) -> str:
        """Of what was written."""
        return self._reread or self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Write a piece.

        Raises:
            Stopped: not any more.
            NoRoom: the disk is too full.
        """
        for start in range(0, len(data), _PIECE):
            self.check()
            piece = data[start : start + _PIECE]
            if self.size + len(piece) > self._look_at:
                self.require_room(len(piece))
                self._look_at = self.size + _LOOK_EVERY
            with self._lock:
                if self._stopped.is_set():
                    raise Stopped
                view = memoryview(piece)
                while view:
                    view = view[os.write(self._descriptor, view) :]
                self._digest.update(piece)
                self.size += len(piece)

    def require_room(self, more: int) -> None:
        """Raise `NoRoom` unless so many bytes, and the reserve, are free."""
        free = self._free_bytes()
        if free - more < self._reserve:
            raise NoRoom(
                f"{in_bytes(free)} are free, and {in_bytes(self._reserve)} of them stay free: "
                "what was written is cut short"
            )

    def check(self) -> None:
        """Raise `Stopped` when this part is not wanted any more."""
        if self._stopped.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Wait, and raise `Stopped` as soon as this part is not wanted any more."""
        if self._stopped.wait(seconds):
            raise Stopped

    def reread(self) -> None:
        """Take size and checksum from the file itself: a library has written it by its path."""
        self.size, self._reread = digest_of(self._descriptor)

    def run(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> None:
        """Run a tool and write what it prints.

        Raises:
            ToolFailed: it ended with an error. What it printed until then is written.
            Stopped, NoRoom: as `write`; the tool was killed.
        """
        with tempfile.TemporaryFile() as complaints:
            tool = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=dict(environment),
                start_new_session=True,
            )
            try:
                self._watch(tool)
                assert tool.stdout is not None  # noqa: S101 - a pipe was asked for
                while piece := tool.stdout.read1(_PIECE):  # type: ignore[attr-defined]
                    self.write(piece)
                code = tool.wait()
                self.check()
            finally:
                self._end(tool)
            if code != 0:
                complaints.seek(0)
                raise ToolFailed(os.path.basename(argv[0]), code, _end_of(complaints.read()))  # noqa: PTH119

    def stop(self) -> None:
        """From now on nothing more is written; a tool that runs is killed. Safe from any thread."""
        with self._lock:
            self._stopped.set()
            tool = self._tool
        if tool is not None:
            _kill(tool)

    def close(self) -> None:
        """Flush it to the disk and close it. After `stop`, or when the collector has returned."""
        with self._lock:
            self._stopped.set()
            descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.fsync(descriptor)
            os.close(descriptor)

    def _watch(self, tool: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._tool = tool
            stopped = self._stopped.is_set()
        if stopped:
            raise Stopped

    def _end(self, tool: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._tool = None
        if tool.poll() is None:
            _kill(tool)
            tool.wait()
        if tool.stdout is not None:
            tool.stdout.close()


def _kill(tool: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(tool.pid, signal.SIGKILL)


def _end_of(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[-_LONGEST_COMPLAINT:]
