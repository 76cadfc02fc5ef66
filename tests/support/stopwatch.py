"""Seconds of a promise, on a machine that does other things too."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import psutil

__all__ = ["Queued", "Stopwatch"]


class Queued:
    """How long the threads of a process wanted to run and had no processor: what a busy machine adds."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._waited()

    def worst(self) -> float:
        """Seconds that one thread has waited since this was made, the longest; 0 once the process is gone."""
        waits = [waited - self._before.get(tid, 0) for tid, waited in self._waited().items()]
        return max(waits, default=0) / 1e9

    def _waited(self) -> dict[str, int]:
        found = {}
        with contextlib.suppress(OSError):
            for folder in Path(f"/proc/{self._pid}/task").iterdir():
                with contextlib.suppress(OSError):
                    found[folder.name] = int((folder / "schedstat").read_text().split()[1])
        return found


class Stopwatch:
    """Runs from when it is made, and leaves out for how long this process and those that it has started
    wanted to run and had no processor: a promise of seconds is one for a machine that keeps up, and is held
    to the letter there. Where the kernel does not say, nothing is left out.
    """

    def __init__(self) -> None:
        me = psutil.Process()
        self._queued = [Queued(one.pid) for one in (me, *me.children(recursive=True))]
        self._begun = time.monotonic()

    @property
    def withheld(self) -> float:
        """Seconds: of each process its worst thread, since one may wait for the other."""
        return sum(each.worst() for each in self._queued)

    @property
    def seconds(self) -> float:
        """What has been spent since, without those."""
        return time.monotonic() - self._begun - self.withheld
