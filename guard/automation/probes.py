"""Questions that are asked beside those who wait for an answer: a server that hangs keeps nobody.

Each is asked in a thread of its own, at most every two seconds, and only while somebody wants to know. What
does not answer in time is unknown until it does.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.health import HealthCheck, away, silent
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.ports import Clock

__all__ = ["Probe"]

log = logging.getLogger(__name__)

_FRESH_SECONDS = 2.0


class Probe:
    """One question."""

    def __init__(self, name: str, ask: Callable[[], HealthCheck], clock: Clock) -> None:
        self.name = name
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._found: tuple[HealthCheck, float] | None = None

    def begin(self) -> None:
        """Ask, unless that was done a moment ago or goes on."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            if self._found is not None and self._clock.boot() - self._found[1] < _FRESH_SECONDS:
                return
            self._done.clear()
            self._thread = threading.Thread(target=self._run, name=f"guard-health-{self.name}", daemon=True)
            self._thread.start()

    def end(self, until: float) -> HealthCheck:
        """What was found, at this boot time at the latest."""
        self._done.wait(max(0.0, until - self._clock.boot()))
        found, now = self._found, self._clock.boot()
        if not self._done.is_set() or found is None:
            return silent(self.name, age=now - found[1] if found is not None else None)
        check, at = found
        return check if check.age is None else replace(check, age=now - at)

    def join(self) -> None:
        """Wait for a question that goes on."""
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        try:
            check = self._ask()
        except Exception as error:  # noqa: BLE001 - whatever it was: this part does not answer as it should
            if not isinstance(error, GuardError):
                log.warning("the health of %s cannot be told: %s", self.name, type(error).__name__)
            check = away(self.name)
        self._found = (check, self._clock.boot())
        self._done.set()
