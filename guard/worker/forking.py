"""Work in a thread that no fork may cut in two.

A pool child is a fork of the worker's main process. A lock that another thread holds in that instant stays
locked in the child for ever, and nobody there can free it. Our own locks are renewed in the child; those of
libraries are not: `functools.cached_property` holds one while it makes a client of the result backend, and
the child then waits for it when it stores its first result. (Seen once in some ninety kills on a busy
machine: settling a killed job and forking its replacement fall together.)

A line on its way to a log file is such work too, whoever writes it: `logging` renews the locks of its
handlers in the child, but the file below has one of its own, in C, that nobody can renew. (stderr has none.)
The child then waits for it when it logs how its first job went.

So the fork waits for both, but not for long: better a small risk than a worker that stands still because a
server or a disk does not answer.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["not_cut_by_a_fork"]

_LONGEST_WAIT = 1.0

_logging: Any = logging  # its locks, which have no public names

_working = threading.Lock()
_held_by_fork: list[Any] = []


@contextmanager
def not_cut_by_a_fork() -> Iterator[None]:
    """A fork of this process waits, for a second at most, until this block has ended."""
    with _working:
        yield


def _before() -> None:
    give_up = time.monotonic() + _LONGEST_WAIT
    # The lock of `logging` itself first, as whoever configures it does, and takes it again after us.
    locks = (_working, _logging._lock, *_locks_of_handlers())  # noqa: SLF001 - nothing public tells
    _held_by_fork.extend(lock for lock in locks if lock.acquire(timeout=max(0.0, give_up - time.monotonic())))


def _locks_of_handlers() -> list[Any]:
    handlers = [reference() for reference in list(_logging._handlerList)]  # noqa: SLF001 - as above
    return [handler.lock for handler in handlers if getattr(handler, "lock", None) is not None]


def _in_parent() -> None:
    while _held_by_fork:
        _held_by_fork.pop().release()


def _in_child() -> None:
    global _working  # noqa: PLW0603 - one process, one lock
    while _held_by_fork:
        with suppress(RuntimeError):  # `logging` has renewed its own, but not what a handler made itself
            _held_by_fork.pop().release()
    _working = threading.Lock()  # whoever held it is not here


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
