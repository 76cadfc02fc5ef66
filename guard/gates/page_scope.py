"""The text after a page's slots: what the window is narrowed to (`guard.core.scope`).

    word 0    known, epoch, length of the text; all zero while it is being written
    then      JSON

It is written before the gate's word of its epoch. Who reads compares epochs, waits a moment when they differ,
and takes what cannot be read in that time for everything: closed where it might have been open.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from guard.core.scope import EVERYTHING, LONGEST_SCOPE, Scope
from guard.errors import StateInvalid

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable

__all__ = ["SCOPE_SIZE", "PageScope"]

SCOPE_SIZE = 8 + LONGEST_SCOPE
"""Bytes, a multiple of eight."""
_BEING_WRITTEN = 0
_KNOWN = 1 << 63
_EPOCH_SHIFT = 32
_LENGTH_MASK = (1 << _EPOCH_SHIFT) - 1
_WITHIN_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 0.0005


class PageScope:
    """The scope of one page. One process writes.

    Args:
        at: where it begins in the memory, in bytes.
    """

    def __init__(self, memory: mmap.mmap, words: memoryview[int], at: int) -> None:
        self._memory = memory
        self._words = words
        self._word = at // 8
        self._text = at + 8
        self._last = _BEING_WRITTEN, EVERYTHING

    def write(self, scope: Scope, epoch: int) -> None:
        """Say the scope of an epoch, of which the lower bits are given. Said already, it costs one look."""
        text = b"" if scope.is_everything else json.dumps(scope.to_dict()).encode()
        head = _KNOWN | epoch << _EPOCH_SHIFT | len(text)
        if self._words[self._word] != head:
            self._words[self._word] = _BEING_WRITTEN
            self._memory[self._text : self._text + len(text)] = text
            self._words[self._word] = head

    def read(self, epoch: Callable[[], int]) -> Scope:
        """The scope of the epoch that the gate's word has now."""
        until = time.monotonic() + _WITHIN_SECONDS
        while (found := self._read_once(epoch())) is None:
            if time.monotonic() > until:
                return EVERYTHING
            time.sleep(_LOOK_AGAIN_SECONDS)
        return found

    def _read_once(self, epoch: int) -> Scope | None:
        head = self._words[self._word]
        if head & ~_LENGTH_MASK != _KNOWN | epoch << _EPOCH_SHIFT:
            return None
        if head == self._last[0]:
            return self._last[1]
        length = head & _LENGTH_MASK
        text = self._memory[self._text : self._text + length]
        if self._words[self._word] != head:
            return None
        self._last = head, _scope_of(text)
        return self._last[1]


def _scope_of(text: bytes) -> Scope:
    """What cannot be read, because somebody else has written to this memory, is everything."""
    try:
        return Scope.from_dict(json.loads(text)) if text else EVERYTHING
    except (ValueError, RecursionError, StateInvalid):
        return EVERYTHING
