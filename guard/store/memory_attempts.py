"""Refused requests in memory: for tests, users' and ours. Same contract as Redis, one process only."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from guard.core.attempts import NO_MINUTE, AttemptSum, view_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.attempts import AttemptsView, Where

__all__ = ["MemoryAttempts"]

_MINUTES_SECONDS = 48 * 3600


class MemoryAttempts:
    """The attempts of all windows of one installation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[Where, AttemptSum] = {}
        self._since: dict[str, float] = {}

    def add(self, sums: Mapping[Where, AttemptSum], *, since: Mapping[str, float]) -> None:
        with self._lock:
            for where, attempts in sums.items():
                kept = self._sums.setdefault(where, AttemptSum(0, 0.0))
                kept.count += attempts.count
                kept.last = attempts.last
            for window_id in {where[0] for where in sums} & since.keys():
                self._since.setdefault(window_id, since[window_id])

    def of(self, window_id: str, *, now: float) -> AttemptsView:
        totals: dict[str, AttemptSum] = {}
        minutes = []
        with self._lock:
            for (window, operation, minute), attempts in self._sums.items():
                if window != window_id:
                    continue
                total = totals.setdefault(operation, AttemptSum(0, 0.0))
                total.count += attempts.count
                total.last = max(total.last, attempts.last)
                if minute != NO_MINUTE and minute * 60 > now - _MINUTES_SECONDS - 3600:
                    minutes.append((minute, operation, attempts.count))
            since = self._since.get(window_id)
        return view_of(window_id, totals, minutes, since=since)
