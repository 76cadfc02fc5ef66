"""What the kernel says, independent of the guard: when a process ended."""

from __future__ import annotations

import os
import select
import threading
from typing import Self

from tests.stress_kills.journal import boot

__all__ = ["Deaths"]


class Deaths:
    """When processes ended, on the boot clock; seen through pidfds, a moment later than it was."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._wake_read, self._wake = os.pipe()
        self._poll.register(self._wake_read, select.POLLIN)
        self._pids: dict[int, int] = {}
        self._died: dict[int, float] = {}
        self._ends = False
        self._thread = threading.Thread(target=self._watch, daemon=True, name="deaths")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        os.write(self._wake, b"x")
        self._thread.join(5)
        for descriptor in [*self._pids, self._wake, self._wake_read]:
            os.close(descriptor)

    def watch(self, pid: int) -> None:
        """From now on. A number that was used before means the new process."""
        if pid in self._pids.values():
            return
        self._died.pop(pid, None)
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._died[pid] = boot()
            return
        self._pids[descriptor] = pid
        self._poll.register(descriptor, select.POLLIN)
        os.write(self._wake, b"x")

    def of(self, pid: int) -> float | None:
        """When it ended; None: it lives."""
        return self._died.get(pid)

    def _watch(self) -> None:
        while not self._ends:
            for descriptor, _ in self._poll.poll(1000):
                if descriptor == self._wake_read:
                    os.read(descriptor, 4096)
                    continue
                self._died[self._pids[descriptor]] = boot()
                self._poll.unregister(descriptor)
                del self._pids[descriptor]
                os.close(descriptor)
