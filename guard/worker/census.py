"""Which jobs a closed gate found running, and what became of each: one side of the account.

A job that an emergency asked to stop is settled and counted by whoever settles it
(`guard.worker.conclusions`), unless it was left alone after all. All others are counted here: they ended by
themselves, ran on when the window ended, or were cut short by the end of their worker.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from guard.core.counts import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from guard.core.counts import Counts

__all__ = ["Census", "Rehearsal"]


class Census:
    """The census of one worker. Attempts are named by their process and their start in boot ms.

    Args:
        count: adds one to a counter of a window, by operation.
        was_asked: whether an emergency asked this attempt to stop, and did not leave it alone since.
    """

    def __init__(self, *, count: Counts, was_asked: Callable[[tuple[int, int]], bool]) -> None:
        self._count = count
        self._was_asked = was_asked
        self._lock = threading.Lock()
        """The agent looks while the worker's main thread may end it."""
        self._window_id = ""
        self._worker_ended = False
        self._running: dict[tuple[int, int], str] = {}

    @property
    def window_id(self) -> str:
        """The window that is looked at; empty when none is."""
        return self._window_id

    def look(
        self,
        window_id: str,
        running: Mapping[tuple[int, int], str],
        died: Collection[tuple[int, int]] = (),
    ) -> None:
        """Take note of what runs now, in a window.

        Args:
            running: for each attempt that the gate would block, the operation.
            died: attempts whose process died in the middle.
        """
        with self._lock:
            if self._worker_ended:
                return
            if window_id != self._window_id:
                self._window_id, self._running = window_id, {}
            for attempt, operation in running.items():
                if attempt not in self._running:
                    self._running[attempt] = operation
                    self._count(Count.RUNNING, operation, window_id=window_id)
            for attempt in self._running.keys() - running.keys():
                self._ended(attempt, Count.LOST if attempt in died else Count.COMPLETED)

    def window_ended(
        self, running: Collection[tuple[int, int]], died: Collection[tuple[int, int]] = ()
    ) -> None:
        """The gate is open again. Nobody looks after those that still run.

        Args:
            running: every attempt that runs, whatever the gate would do with it now.
            died: as above.
        """
        self._close(running, died, Count.RAN_ON)

    def worker_ends(
        self, running: Collection[tuple[int, int]], died: Collection[tuple[int, int]] = ()
    ) -> None:
        """This worker ends, and what still runs in it with it. What ended since the last look is counted."""
        self._close(running, died, Count.LOST)
        self._worker_ended = True

    def _close(
        self, running: Collection[tuple[int, int]], died: Collection[tuple[int, int]], left: Count
    ) -> None:
        with self._lock:
            for attempt in list(self._running):
                ended = Count.LOST if attempt in died else Count.COMPLETED
                self._ended(attempt, left if attempt in running else ended)
            self._window_id = ""

    def _ended(self, attempt: tuple[int, int], how: Count) -> None:
        operation = self._running.pop(attempt)
        if not self._was_asked(attempt):
            self._count(how, operation, window_id=self._window_id)


class Rehearsal:
    """What a real window would have waited for, and what an emergency would have ended: in test mode the
    census takes nothing but notes. Jobs that begin later would not have begun.

    Args:
        count: adds one to a counter of the current window, by operation.
    """

    def __init__(self, count: Callable[[Count, str], None]) -> None:
        self._count = count
        self._window_id = ""
        self._left: dict[tuple[int, int], str] = {}

    def look(self, window_id: str, running: Mapping[tuple[int, int], str], *, grace_is_over: bool) -> None:
        """Take note of what runs now.

        Args:
            running: for each attempt that a normal window would block, its operation.
            grace_is_over: whether an emergency that began with this window would end jobs by now.
        """
        if window_id != self._window_id:
            self._window_id, self._left = window_id, dict(running)
            for operation in running.values():
                self._count(Count.WOULD_WAIT_FOR, operation)
        self._left = {attempt: operation for attempt, operation in self._left.items() if attempt in running}
        if grace_is_over:
            for operation in self._left.values():
                self._count(Count.WOULD_END, operation)
            self._left = {}
