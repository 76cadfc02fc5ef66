"""Asked before every job that is released: may the release go on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.counts import Count
from guard.core.modes import CLOSED_PHASES, Gate
from guard.errors import StoreError

if TYPE_CHECKING:
    from guard.core.pace import ErrorLimit
    from guard.orchestrator.changes import Changes
    from guard.ports import Clock, Lock, Tally

__all__ = ["ReleaseWatch"]

_LOOK_SECONDS = 0.2
_COUNT_SECONDS = 1.0
"""Workers send their counters about once a second."""


class ReleaseWatch:
    """Is the gate still open, the lock still ours, and do the jobs that went back succeed?"""

    def __init__(
        self, *, changes: Changes, lock: Lock, clock: Clock, tally: Tally, limit: ErrorLimit
    ) -> None:
        self._changes = changes
        self._lock = lock
        self._clock = clock
        self._tally = tally
        self._limit = limit
        self._looked_at = float("-inf")
        self._counted_at = float("-inf")
        self._failed_before: int | None = None

    def __call__(self, released: int) -> str:
        """A reason to stop, or empty.

        Args:
            released: how many jobs this run has given back so far.
        """
        now = self._clock.boot()
        if now - self._looked_at < _LOOK_SECONDS:
            return ""
        self._looked_at = now
        state = self._changes.plane.read()
        if state.phase in CLOSED_PHASES and state.gate is not Gate.TEST:
            return "the gate is closed again"
        if not self._lock.extend():
            return "another process releases"
        if self._limit.share and now - self._counted_at >= _COUNT_SECONDS:
            self._counted_at = now
            return self._too_many_errors(state.window_id, released)
        return ""

    def _too_many_errors(self, window_id: str, released: int) -> str:
        try:
            failed = self._tally.account(window_id).total(Count.FAILED)
        except StoreError:
            return ""
        if self._failed_before is None:
            self._failed_before = failed
        failed -= self._failed_before
        if not self._limit.is_exceeded(failed, released):
            return ""
        return f"{failed} of {released} released jobs failed: the others stay parked for now"
