"""Work in a thread that no fork may cut in two.

A pool child is a fork of the worker's main process. A lock that another thread holds in that instant stays
locked in the child for ever, and nobody there can free it. Our own locks are renewed in the child; those of
libraries are not: `functools.cached_property` holds one while it makes a client of the result backend, and
the child then waits for it when it stores its first result. (Seen once in some ninety kills on a busy
machine: settling a killed job and forking its replacement fall together.)

So the fork waits for such work to end, but not for long: better a small risk than a worker that stands still
because a server does not answer.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["not_cut_by_a_fork"]

_LONGEST_WAIT = 1.0

_working = threading.Lock()
_held_by_fork = False


@contextmanager
def not_cut_by_a_fork() -> Iterator[None]:
    """A fork of this process waits, for a second at most, until this block has ended."""
    with _working:
        yield


def _before() -> None:
    global _held_by_fork  # noqa: PLW0603 - one process, one lock
    _held_by_fork = _working.acquire(timeout=_LONGEST_WAIT)


def _in_parent() -> None:
    if _held_by_fork:
        _working.release()


def _in_child() -> None:
    global _working  # noqa: PLW0603
    _working = threading.Lock()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
