"""Who hears of a change in memory: agents in their threads, and whoever waits for what they say."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from guard.testing.errors import NothingHappens

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.testing.clock import FakeClock

__all__ = ["Bell", "ConductorEar"]

_LONGEST_SECONDS = 0.05
_MOST_WAITS = 5_000
"""So many waits in which nobody but the clock moved are a wait for ever."""


class Bell:
    """Rung at each change of the control plane."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._count = 0
        self._record: str | None = None

    def ring(self, record: str | None = None) -> None:
        """Wake all who wait; a record is the new state."""
        with self._rung:
            self._count += 1
            self._record = record
            self._rung.notify_all()

    def ear(self) -> BellEar:
        """A listener that hears what comes from now on."""
        return BellEar(self)


class BellEar:
    """What an agent listens with (`guard.ports.WakeUp`)."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._heard = bell._count  # noqa: SLF001 - this module's own

    def wait(self, seconds: float) -> str | None:
        bell = self._bell
        with bell._rung:  # noqa: SLF001
            bell._rung.wait_for(lambda: bell._count != self._heard, timeout=seconds)  # noqa: SLF001
            if bell._count == self._heard:  # noqa: SLF001
                return None
            self._heard = bell._count  # noqa: SLF001
            return bell._record  # noqa: SLF001

    def close(self) -> None:
        """Nothing to close."""


class ConductorEar:
    """What opens, drains and ends windows listens with. It waits only for a worker in this process; without
    one, waiting lets the time of the clock pass instead.

    Args:
        workers: whether a worker runs in this process.
    """

    def __init__(self, bell: Bell, clock: FakeClock, workers: Callable[[], bool]) -> None:
        self._ear = bell.ear()
        self._clock = clock
        self._workers = workers
        self._waits = 0

    def wait(self, seconds: float) -> str | None:
        if seconds <= 0:
            return None
        if self._workers():
            return self._ear.wait(min(seconds, _LONGEST_SECONDS))
        self._waits += 1
        if self._waits > _MOST_WAITS:
            raise NothingHappens
        self._clock.sleep(seconds)
        return None

    def close(self) -> None:
        """Nothing to close."""
