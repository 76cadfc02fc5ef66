"""Asks a service's own health command, as a container engine does; nothing here waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from one_host.child import Child
    from one_host.compose_file import Healthcheck


class Health:
    """One service's. `is_green` is None until it was green once or has failed for good."""

    def __init__(self, check: Healthcheck, ask: Callable[[], Child]) -> None:
        self._check = check
        self._ask = ask
        self._running: Child | None = None
        self._asked = 0.0
        now = time.monotonic()
        self._next = now + check.start_interval
        self._patient_until = now + check.start_period
        self._failed = 0
        self.is_green: bool | None = None

    def tick(self) -> None:
        """Look after the command that runs, or start the next one when its time has come."""
        now = time.monotonic()
        if self._running is None:
            if now >= self._next:
                self._running, self._asked = self._ask(), now
            return
        code = self._running.code
        if code is None and now - self._asked < self._check.timeout:
            return
        self._running.kill()
        self._running = None
        self._note(is_well=code == 0)

    def close(self) -> None:
        """End a command that runs."""
        if self._running is not None:
            self._running.kill()
            self._running = None

    def _note(self, *, is_well: bool) -> None:
        now = time.monotonic()
        if is_well:
            self._failed, self.is_green = 0, True
        elif now >= self._patient_until or self.is_green is not None:
            self._failed += 1
            if self._failed >= self._check.retries:
                self.is_green = False
        self._next = now + (self._check.interval if self.is_green else self._check.start_interval)
