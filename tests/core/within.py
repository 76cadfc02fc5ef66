"""A deadline for code that could run for ever, such as a regular expression that backtracks."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class TooSlow(AssertionError):
    """The code did not end in its time."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooSlow in the block when its time is over. Main thread only."""

    def stop(*_: object) -> None:
        raise TooSlow(f"it takes more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
