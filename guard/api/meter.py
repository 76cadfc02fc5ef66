"""`Guard.meter`: how fast a web application answers, and how often it fails, at next to no cost.

Rules:

- An answered request costs one append to a queue in this process. A thread hands sums over every five
  seconds; it begins with the first request, ends when there were none for a while, and begins anew after a
  fork.
- A store that is away costs nothing either: sums wait for a minute or so, then the oldest are dropped.
  Figures of five minutes have no use for older ones.
- What the guard refuses in a window is no failure of the application, and is left out.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING

from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api.parts import Parts

__all__ = ["Meter"]

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
_IDLE_FLUSHES = 24
_MOST_MINUTES = 5
_MOST_ANSWERED = 100_000
"""Between two flushes: twenty thousand a second."""

Answered = tuple[float, bool]
"""Seconds that it took, and whether it failed (a status of 500 or more)."""


class Meter:
    """The requests that one process has answered.

    Attributes:
        note: takes one `Answered`. Never raises, and waits for nothing. It is another function from time to
            time: look it up at each call.
    """

    note: Callable[[Answered], None]

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._forget()
        _ALL.add(self)

    def _forget(self) -> None:
        """As new: what a fork has inherited is its parent's to hand over."""
        self._lock = threading.Lock()
        self._answered: deque[Answered] = deque(maxlen=_MOST_ANSWERED)
        self._sums: dict[int, tuple[int, int, float]] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.note = self._first

    def flush(self) -> bool:
        """Hand over what this process has answered. Whether that was done; if not, it is tried again. Never
        raises for a store that is away."""
        with self._lock:
            # Others append meanwhile: what is taken out is what was there, and the rest waits for its turn.
            self._add([self._answered.popleft() for _ in range(len(self._answered))])
            sums, self._sums = self._sums, {}
        if not sums:
            return True
        try:
            self._parts.watching.watched.add_requests(sums)
        except StoreError as error:
            log.debug("answered requests are told later: %s", error)
            with self._lock:
                for minute, one in sums.items():
                    self._sums[minute] = _plus(self._sums.get(minute, (0, 0, 0.0)), one)
                for minute in sorted(self._sums)[:-_MOST_MINUTES]:
                    del self._sums[minute]
            return False
        return True

    def close(self) -> None:
        """Hand over what is left and end the thread. The next request starts it again."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        self.note = self._first
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * FLUSH_SECONDS)
        self.flush()

    def _add(self, answered: list[Answered]) -> None:
        if not answered:
            return
        count, seconds = len(answered), sum(one[0] for one in answered)
        failed = sum(one[1] for one in answered)
        minute = int(self._parts.clock.wall() // 60)
        self._sums[minute] = _plus(self._sums.get(minute, (0, 0, 0.0)), (count, failed, seconds))

    def _first(self, answered: Answered) -> None:
        with self._lock:
            self._answered.append(answered)
            if self._thread is None:
                self._stopping = threading.Event()
                self._thread = threading.Thread(target=self._run, daemon=True, name="guard-meter")
                self._thread.start()
            self.note = self._answered.append

    def _run(self) -> None:
        idle, stopping = 0, self._stopping
        while not stopping.wait(FLUSH_SECONDS):
            try:
                idle = 0 if self._answered else idle + 1
                self.flush()
            except Exception:  # without this thread nothing would be handed over any more
                log.exception("answered requests are told later")
            with self._lock:
                ours = self._thread is threading.current_thread()
                if ours and idle >= _IDLE_FLUSHES and not self._answered:
                    self.note = self._first
                    self._thread = None
                    return


def _plus(one: tuple[int, int, float], other: tuple[int, int, float]) -> tuple[int, int, float]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


_ALL: weakref.WeakSet[Meter] = weakref.WeakSet()


def _after_fork() -> None:
    for meter in list(_ALL):
        meter._forget()  # noqa: SLF001 - this module's own


os.register_at_fork(after_in_child=_after_fork)
