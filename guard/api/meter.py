"""`Guard.meter`: how fast a web application answers, and how often it fails, at next to no cost.

Rules:

- Up to ten requests per second and process are measured, the first fifty of each five seconds: enough to
  tell an average and a share of failures, and nothing is paid for those above that.
- A thread hands sums over every five seconds; it begins with the first request, ends when there were none
  for a while, and begins anew after a fork.
- A store that is away costs nothing either: sums wait for a minute or so, then the oldest are dropped.
  Figures of five minutes have no use for older ones.
- What the guard refuses in a window is no failure of the application, and is left out.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING

from guard.errors import StoreError

if TYPE_CHECKING:
    from guard.api.parts import Parts

__all__ = ["Meter"]

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
_IDLE_FLUSHES = 24
_MOST_MINUTES = 5
MOST_MEASURED = 50
"""Between two flushes."""

Sums = tuple[int, int, float]
"""How many were answered, how many of them failed, seconds in all."""
_NOTHING: Sums = (0, 0, 0.0)


class Meter:
    """The requests that one process has answered.

    Attributes:
        wanted: how many more requests are worth measuring now; from 0 on, do not.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._forget()
        _ALL.add(self)

    def use(self, parts: Parts) -> None:
        """Hand over what was counted, and count for these parts from now on."""
        self.close()
        self._parts = parts
        self._forget()

    def _forget(self) -> None:
        """As new: what a fork has inherited is its parent's to hand over."""
        self.wanted = MOST_MEASURED
        self._lock = threading.Lock()
        self._sums: dict[int, Sums] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, seconds: float, *, failed: bool) -> None:
        """Count one answered request. Never raises, and waits for no store.

        Args:
            seconds: how long it took.
            failed: whether its status was 500 or more, and not the guard's own refusal.
        """
        with self._lock:
            self.wanted -= 1
            minute = int(self._parts.clock.wall() // 60)
            self._sums[minute] = _plus(self._sums.get(minute, _NOTHING), (1, int(failed), seconds))
            if self._thread is None:
                self._stopping = threading.Event()
                self._thread = threading.Thread(target=self._run, daemon=True, name="guard-meter")
                self._thread.start()

    def flush(self) -> bool:
        """Hand over what this process has answered. Whether that was done; if not, it is tried again. Never
        raises for a store that is away."""
        with self._lock:
            sums, self._sums = self._sums, {}
            self.wanted = MOST_MEASURED
        if not sums:
            return True
        try:
            self._parts.watching.watched.add_requests(sums)
        except StoreError as error:
            log.debug("answered requests are told later: %s", error)
            with self._lock:
                for minute, one in sums.items():
                    self._sums[minute] = _plus(self._sums.get(minute, _NOTHING), one)
                for minute in sorted(self._sums)[:-_MOST_MINUTES]:
                    del self._sums[minute]
            return False
        return True

    def close(self) -> None:
        """Hand over what is left and end the thread. The next request starts it again."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * FLUSH_SECONDS)
        self.flush()

    def _run(self) -> None:
        idle, stopping = 0, self._stopping
        while not stopping.wait(FLUSH_SECONDS):
            try:
                idle = 0 if self._sums else idle + 1
                self.flush()
            except Exception:  # without this thread nothing would be handed over any more
                log.exception("answered requests are told later")
            with self._lock:
                if idle >= _IDLE_FLUSHES and not self._sums and self._stopping is stopping:
                    self._thread = None  # at once with the look, or a request in between would wait for ever
                    return


def _plus(one: Sums, other: Sums) -> Sums:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


_ALL: weakref.WeakSet[Meter] = weakref.WeakSet()


def _after_fork() -> None:
    for meter in list(_ALL):
        meter._forget()  # noqa: SLF001 - this module's own


os.register_at_fork(after_in_child=_after_fork)
