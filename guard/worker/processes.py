"""One pool child as the ladder handles it: held, stopped for a look, signalled, proven gone.

A process is held by a pidfd, so that its number cannot come to mean another one. Where there is none
(macOS, an old kernel) the start time in `/proc` is compared before each signal.

A signal that ends a job must not meet one that has just finished. So the child is stopped (SIGSTOP), its
slot is read while it cannot move, and only then is it signalled or let go. Stopping is harmless at any
place: a child in the middle of a write to its parent's pipe goes on with it, some 100 µs later.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from guard.gates.page import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Child"]

_STOP_WITHIN = 0.1
"""A child that is in the kernel and cannot be interrupted stops later; then it is tried again."""
_LOOK_AGAIN = 0.0002
_STOPPED = frozenset("Tt")
_ENDED = frozenset("ZX") | {""}


class Child:
    """A child of this process.

    Raises:
        ProcessLookupError: it is gone, or is not our child.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd: int | None = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        try:
            self._born = _birth_of_child(pid)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def is_gone(self) -> bool:
        """Whether it has ended, whether or not its parent has collected it."""
        if self._fd is None:
            return not is_alive(self.pid) or not self._is_the_same()
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(0))

    def signal_if(self, number: int, is_meant: Callable[[], bool]) -> bool | None:
        """Stop it, ask, and signal it or let it go. What was sent takes effect when this returns.

        Args:
            is_meant: asked while the child stands still.

        Returns:
            Whether it was signalled; None when it could not be stopped in time and nothing was done.
        """
        stood_still = _state(self.pid) in _STOPPED  # by somebody else, who may want to keep it so
        go_on = not stood_still
        if not self._send(signal.SIGSTOP):
            return False
        try:
            if not self._stands_still():
                return None
            if not is_meant():
                return False
            go_on = True
            return self._send(number)
        finally:
            if go_on:
                self._send(signal.SIGCONT)

    def _is_the_same(self) -> bool:
        try:
            return _birth_of_child(self.pid) == self._born
        except ProcessLookupError:
            return False

    def _stands_still(self) -> bool:
        """Whether its main thread, in which jobs run, has stopped."""
        give_up = time.monotonic() + _STOP_WITHIN
        while (state := _state(self.pid)) not in _STOPPED:
            if state in _ENDED or time.monotonic() > give_up:
                return not _has_proc()  # without /proc nobody can say; the slot is read all the same
            time.sleep(_LOOK_AGAIN)
        return True

    def _send(self, number: int) -> bool:
        try:
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, number)
            elif self.is_gone():
                return False
            else:
                os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


def _fields(pid: int) -> list[str]:
    """`/proc/PID/stat` from the third field on: the second may contain anything."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return []


def _state(pid: int) -> str:
    return next(iter(_fields(pid)), "")


def _birth_of_child(pid: int) -> str:
    """When a child of ours was started, in the kernel's ticks; empty where nobody says."""
    fields = _fields(pid)
    if not fields and not _has_proc():
        return ""
    if not fields or int(fields[1]) != os.getpid():
        raise ProcessLookupError(f"process {pid} is no child of this worker")
    return fields[19]


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()
