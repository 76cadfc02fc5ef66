"""How long tasks took on this worker: the basis of a drain's estimates.

Nothing is measured per job. The slots are looked at with every renewal, about once a second: a job that
was seen running and is not any more has ended in between. Jobs of less than a second are mostly not
seen, and nobody waits for them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Runtimes"]

_RUNS_PER_TASK = 50
_MOST_TASKS = 500


class Runtimes:
    """The last runs of each task."""

    def __init__(self) -> None:
        self._running: dict[tuple[int, int], tuple[str, float]] = {}
        self._seconds: dict[str, deque[float]] = {}

    def look(self, running: Mapping[tuple[int, int], str], now: float) -> None:
        """Take note of what runs now.

        Args:
            running: for each attempt, named by its process and its start in boot ms, the task.
            now: boot seconds.
        """
        for attempt in self._running.keys() - running.keys():
            task, last_seen = self._running.pop(attempt)
            # It ended somewhere between the two looks.
            self._ended(task, (last_seen + now) / 2 - attempt[1] / 1000)
        for attempt, task in running.items():
            self._running[attempt] = (task, now)

    def usual(self, task: str) -> float | None:
        """The middle one of its last runs, in seconds; None when none was seen to end."""
        seen = self._seconds.get(task)
        return sorted(seen)[len(seen) // 2] if seen else None

    def longest(self, task: str) -> float | None:
        """The longest of its last runs, in seconds."""
        seen = self._seconds.get(task)
        return max(seen) if seen else None

    def _ended(self, task: str, seconds: float) -> None:
        if task not in self._seconds and len(self._seconds) >= _MOST_TASKS:
            return
        self._seconds.setdefault(task, deque(maxlen=_RUNS_PER_TASK)).append(max(0.0, seconds))
