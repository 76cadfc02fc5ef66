"""Figures of one process and its pool children, counted where they happen.

Rules:

- Nothing is measured while the gate is known to be open: the look at it would cost less than its measurement.
- A pool child writes into a row of memory that it shares with the worker's main process, whose agent sends
  the sums of all rows. A child needs no connection for that, and one that is killed takes nothing along. Its
  successor in the pool takes the row over and goes on adding.
- Everything else, threads and publishing processes too, writes into one row of its own process.
- What could not be sent stays, and is sent later. Only when the answer to a sending was lost may it count
  twice.
"""

from __future__ import annotations

import mmap
import threading
from array import array

from guard.core.process_figures import FIELDS, WRITES, Asked, Failed, decision_columns

__all__ = ["MOST_ROWS", "Figures"]

MOST_ROWS = 1024
_WIDTH = len(FIELDS)
_ROW_BYTES = _WIDTH * 8
_FAILED = {store: FIELDS.index(f"failed:{store.value}") for store in Failed}


class Figures:
    """The figures of one app in one process."""

    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None
        self._used: memoryview[int] | None = None
        self._sums_children = False
        self.forget()

    def forget(self) -> None:
        """At the beginning, and in a fork: what the parent has counted, the parent sends."""
        self._row: memoryview[int] = memoryview(array("Q", bytes(_ROW_BYTES)))
        self._lock = threading.Lock()
        self._sent = [0] * _WIDTH
        self._sums_children = False
        self._known_used = b""
        self._known_rows: list[memoryview[int]] = []

    def share(self) -> None:
        """Before the pool forks: memory with a row for each child."""
        self._memory = mmap.mmap(-1, MOST_ROWS * (_ROW_BYTES + 1))
        self._used = memoryview(self._memory)[MOST_ROWS * _ROW_BYTES :]
        self._sums_children = True

    def take_row(self, index: int) -> None:
        """In a pool child: write into its row from now on. A pool that is too large counts for nobody."""
        if self._memory is None or self._used is None or not 0 <= index < MOST_ROWS:
            return
        self._used[index] = 1
        self._row = self._shared_row(self._memory, index)

    def decided(self, asked: Asked, nanoseconds: int) -> None:
        """A decision took this long."""
        bucket, total = decision_columns(asked, nanoseconds)
        with self._lock:
            row = self._row
            row[bucket] += 1
            row[total] += nanoseconds
            row[WRITES] += 1

    def store_failed(self, store: Failed) -> None:
        """A store did not do what was asked."""
        with self._lock:
            self._row[_FAILED[store]] += 1
            self._row[WRITES] += 1

    def unsent(self) -> tuple[dict[str, int], list[int]] | None:
        """What came since the last `sent`, by field, and the sums to give to it; None when nothing did."""
        rows = [self._row, *self._shared_rows()]
        if sum(row[WRITES] for row in rows) == self._sent[WRITES]:
            return None
        sums = [sum(column) for column in zip(*rows, strict=True)]
        fields = {
            name: new - old
            for name, new, old in zip(FIELDS, sums, self._sent, strict=True)
            if name and new != old
        }
        return fields, sums

    def sent(self, sums: list[int]) -> None:
        """That was added to the fleet's sums."""
        self._sent = sums

    def _shared_rows(self) -> list[memoryview[int]]:
        if self._memory is None or self._used is None or not self._sums_children:
            return []
        used = bytes(self._used).rstrip(b"\0")
        if used != self._known_used:  # a view of each row is made once: this is asked with every renewal
            self._known_used = used
            self._known_rows = [
                self._shared_row(self._memory, index) for index, taken in enumerate(used) if taken
            ]
        return self._known_rows

    @staticmethod
    def _shared_row(memory: mmap.mmap, index: int) -> memoryview[int]:
        return memoryview(memory)[index * _ROW_BYTES : (index + 1) * _ROW_BYTES].cast("Q")
