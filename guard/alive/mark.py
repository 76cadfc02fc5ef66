"""The mark that a living process leaves, and how long it counts."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Mark", "problem_of"]

log = logging.getLogger(__name__)

_LENGTH = 64
"""Bytes of a mark. Always the same number, written at once: who reads never sees half of one."""
_EVERY_SECONDS = 1.0


class Mark:
    """One process's mark: a file in a folder, named for the process.

    Losing it must never harm the process: what cannot be written is logged, once.

    Args:
        folder: is made when it is not there, for this user alone.
        node: the process, for example ``jobs@worker-1``.
        fresh_for: seconds for which a renewal counts.
    """

    def __init__(self, folder: Path, node: str, *, fresh_for: float) -> None:
        self._path = folder / node.replace("/", "_")
        self._fresh_for = fresh_for
        self._renewed, self._promised = -_EVERY_SECONDS, 0.0
        self._complained = False

    def renew(self, fresh_for: float | None = None) -> None:
        """Say that the process lives. Written once a second at most, unless it promises more than before.

        Args:
            fresh_for: seconds for which this renewal counts; None: as always.
        """
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        fresh = self._fresh_for if fresh_for is None else fresh_for
        if now - self._renewed < _EVERY_SECONDS and fresh <= self._promised:
            return
        self._renewed, self._promised = now, fresh
        text = f"{os.getpid()} {now:.2f} {fresh:.0f}"
        try:
            self._write(f"{text:<{_LENGTH - 1}}\n".encode())
        except OSError as error:
            if not self._complained:
                log.warning("%s cannot be written (%s): health checks will fail", self._path, error.strerror)
            self._complained = True

    def remove(self) -> None:
        """The process ends. A mark that another process has made by now stays."""
        try:
            if self._path.read_text("ascii").split()[:1] == [str(os.getpid())]:
                self._path.unlink()
        except OSError:
            return

    def _write(self, content: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(handle, content, 0)
        finally:
            os.close(handle)


def problem_of(path: Path) -> str:
    """Why a mark says that its process does not live; empty when it does."""
    try:
        pid, at, fresh_for = path.read_text("ascii").split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - float(at)
    except OSError as error:
        return f"its mark cannot be read ({error.strerror})"
    except ValueError:
        return "its mark is no mark"
    if age < -1:
        return "its mark is of before this machine was started"
    if age > float(fresh_for):
        return f"process {pid} has not renewed its mark for {age:.0f} s, and {fresh_for} s are allowed"
    return ""
