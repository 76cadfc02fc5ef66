"""A thread of every worker that now and then does one round of housekeeping for the whole fleet.

A lock lets one worker of the fleet do it per round. So nothing depends on the process that began
something: a release whose caller was killed goes on, from whichever worker comes next.
"""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING

from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.ports import Lock

__all__ = ["Housekeeper"]

log = logging.getLogger(__name__)

_DICE = random.SystemRandom()
"""Spreads load. The numbers of `random` itself are the application's, which may have seeded them."""

_EVERY_SECONDS = 5.0


class Housekeeper:
    """Calls `sweep` every five seconds while it can get the lock, and soon after it was woken."""

    def __init__(self, *, lock: Lock, sweep: Callable[[], None]) -> None:
        self._lock = lock
        self._sweep = sweep
        self._woken = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="guard-housekeeper")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Do a round within the next seconds."""
        self._woken.set()

    def stop(self) -> None:
        """Stop after the round under way."""
        self._stopped = True
        self._woken.set()

    def _run(self) -> None:
        while not self._stopped:
            woken = self._woken.wait(_EVERY_SECONDS * _DICE.uniform(0.8, 1.2))
            self._woken.clear()
            if self._stopped:
                return
            if woken:
                # The process that opened the gate releases by itself; for two seconds it is left to it.
                self._woken.wait(_DICE.uniform(2.2, 3.5))
            try:
                # The lock is kept until it runs out: one round per ten seconds for the whole fleet.
                if self._lock.acquire():
                    self._sweep()
            except GuardError as error:
                log.debug("housekeeping waits: %s", error)
            except Exception:  # whatever it is, the next round must come: a release may depend on it
                log.exception("a round of housekeeping failed")
