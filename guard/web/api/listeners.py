"""How many listen to the events: each keeps a thread of the server, so there is a bound."""

from __future__ import annotations

import threading
from collections import Counter

__all__ = ["Listeners"]


class Listeners:
    """The places of one process.

    Args:
        most: listeners at once. One address has half of them at most, so that nobody takes all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_one = max(1, most // 2)
        self._here: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """How many there are."""
        return self._here.total()

    def enter(self, address: str) -> bool:
        """Whether there was a place; it is kept until `leave`."""
        with self._lock:
            if self._here.total() >= self._most or self._here[address] >= self._most_of_one:
                return False
            self._here[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Give the place back."""
        with self._lock:
            self._here[address] -= 1
            if self._here[address] <= 0:
                del self._here[address]
