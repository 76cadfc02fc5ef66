"""The counters of one process, on their way to the control plane.

What got no answer may have arrived. So a batch has a number, and is sent again as it was: whoever adds it up
knows it by that. What is counted meanwhile waits for the next batch.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections import deque
from typing import TYPE_CHECKING

from guard.errors import StoreError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from guard.core.counts import Count
    from guard.gates.figures import Figures
    from guard.ports import FigureBooks, Tally

__all__ = ["AtOnce", "FigureSums", "Sums"]

log = logging.getLogger(__name__)


class Sums:
    """What a process with an agent has counted, and the control plane has not confirmed.

    Args:
        take: gives the counters since the last call: window, counter, operation.
        sender: names this process, now and for ever.
    """

    def __init__(
        self, tally: Tally, take: Callable[[], Counter[tuple[str, Count, str]]], *, sender: str
    ) -> None:
        self._tally = tally
        self._take = take
        self._sender = sender
        self._number = 0
        self._batches: deque[tuple[int, str, dict[str, int]]] = deque()
        self._sending = threading.Lock()

    def send(self) -> None:
        """Send what there is, the oldest first. Never raises: the rest goes with the next call. Does nothing
        while another thread is at it."""
        if not self._sending.acquire(blocking=False):
            return
        try:
            for _ in range(2):  # what was left, then what is new
                if not self._batches:
                    self._pack()
                while self._batches:
                    number, window_id, counts = self._batches[0]
                    self._tally.add(window_id, counts, sender=self._sender, number=number)
                    self._batches.popleft()
        except StoreError:
            return
        finally:
            self._sending.release()

    def _pack(self) -> None:
        by_window: dict[str, dict[str, int]] = {}
        for (window_id, kind, operation), number in self._take().items():
            by_window.setdefault(window_id, {})[f"{kind.value}:{operation}"] = number
        for window_id, counts in by_window.items():
            self._number += 1
            self._batches.append((self._number, window_id, counts))


class FigureSums:
    """What a process with an agent has measured."""

    def __init__(self, books: FigureBooks, figures: Figures) -> None:
        self._books = books
        self._figures = figures

    def send(self) -> None:
        """Send it, if there is anything. Never raises: it goes with a later call."""
        unsent = self._figures.unsent()
        if unsent is None:
            return
        fields, sums = unsent
        try:
            self._books.add(fields)
        except StoreError as error:
            log.debug("figures are sent with a later renewal: %s", error)
        else:
            self._figures.sent(sums)


class AtOnce:
    """Counts one event at a time, in a process that may have no agent. What got no answer is sent
    once more."""

    def __init__(self, tally: Callable[[], Tally]) -> None:
        self._tally = tally
        self._begin()

    def _begin(self) -> None:
        self._pid, self._sender, self._number = os.getpid(), uuid.uuid4().hex, 0
        self._waiting: deque[tuple[int, str, dict[str, int]]] = deque()
        self._lock = threading.Lock()

    def add(self, window_id: str, kind: Count, operation: str) -> None:
        """Add one.

        Raises:
            StoreUnavailable: the control plane did not answer, twice. It is sent again with the next.
        """
        if self._pid != os.getpid():
            self._begin()  # a fork has another name: its parent goes on counting under the old one
        with self._lock:
            self._number += 1
            self._waiting.append((self._number, window_id, {f"{kind.value}:{operation}": 1}))
            try:
                self._send()
            except StoreError:
                self._send()

    def _send(self) -> None:
        while self._waiting:
            number, window_id, counts = self._waiting[0]
            self._tally().add(window_id, counts, sender=self._sender, number=number)
            self._waiting.popleft()
