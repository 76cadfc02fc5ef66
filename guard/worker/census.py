"""Which jobs a closed gate found running, and that each of them ended: one side of the account.

A job that an emergency asked to stop is settled and counted by whoever settles it
(`guard.worker.conclusions`); all others ended by themselves, and are counted here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.counts import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["Census", "Rehearsal"]


class Census:
    """The census of one worker.

    Args:
        count: adds one to a counter of the current window, by operation.
        was_asked: whether an emergency asked this attempt to stop.
    """

    def __init__(
        self, *, count: Callable[[Count, str], None], was_asked: Callable[[tuple[int, int]], bool]
    ) -> None:
        self._count = count
        self._was_asked = was_asked
        self._window_id = ""
        self._running: dict[tuple[int, int], str] = {}

    def look(
        self,
        window_id: str,
        running: Mapping[tuple[int, int], str],
        died: Collection[tuple[int, int]] = (),
    ) -> None:
        """Take note of what runs now, in a window.

        Args:
            running: for each attempt that the gate would block, named by its process and its start in
                boot ms, the operation.
            died: attempts whose process died in the middle.
        """
        if window_id != self._window_id:
            self._window_id, self._running = window_id, {}
        for attempt, operation in running.items():
            if attempt not in self._running:
                self._running[attempt] = operation
                self._count(Count.RUNNING, operation)
        for attempt in self._running.keys() - running.keys():
            operation = self._running.pop(attempt)
            if not self._was_asked(attempt):
                self._count(Count.LOST if attempt in died else Count.COMPLETED, operation)


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
