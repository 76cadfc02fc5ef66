"""Ctrl-C, SIGTERM and a closed terminal end the demo in the same way: its processes first, then itself."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_received: list[int] = []


class Interrupted(KeyboardInterrupt):
    """A signal asked the demo to end. A KeyboardInterrupt, so that no `except Exception` stops it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number
        """As shells have it: 130 for Ctrl-C."""


def raise_when_interrupted() -> None:
    """From now on each such signal raises `Interrupted`, also where a shell had SIGINT ignored."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def ignore_interrupts() -> None:
    """For the cleanup, which is quick and must not end half-way."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def interrupted_by() -> Interrupted | None:
    """The first signal that came, also when what it raised was lost: Python drops an exception that is
    raised in a finalizer, and a library may put another in its place."""
    return Interrupted(_received[0]) if _received else None


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise Interrupted(number)
