"""A beat registers when it starts, under a name of its own: so that a missing or a second one is seen.

Its loop says that it is alive."""

from __future__ import annotations

import atexit
import socket
from typing import TYPE_CHECKING, Any, Protocol

from celery.signals import beat_init

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from guard.alive import Mark

    class MakeMark(Protocol):
        """A mark for a process, or None where nobody looks at marks."""

        def __call__(self, node: str, *, fresh_for: float) -> Mark | None: ...


__all__ = ["watch_for_beat"]

_BUSY_SECONDS = 60.0
"""How long one turn of its loop may take: it publishes what is due, and waits for a broker that is away."""


def watch_for_beat(app: Celery, begins: Callable[[], None], make_mark: MakeMark) -> None:
    """Call `begins` when the process turns out to be a beat of this app, and renew its mark with each turn
    of its loop. One inside a worker answers for itself."""

    def beat_begins(sender: Any = None, **_signal: Any) -> None:
        if getattr(sender, "app", None) is app:
            begins()
            _renew_with_each_turn(
                sender.scheduler, make_mark(f"beat@{socket.gethostname()}", fresh_for=_BUSY_SECONDS)
            )

    beat_init.connect(beat_begins, weak=False)


def _renew_with_each_turn(scheduler: Any, mark: Mark | None) -> None:
    if mark is None:
        return
    turn = scheduler.tick

    def tick(*args: Any, **options: Any) -> Any:
        seconds = turn(*args, **options)  # until the next turn: nothing may be due for minutes
        mark.renew((seconds or 0.0) + _BUSY_SECONDS)
        return seconds

    scheduler.tick = tick
    mark.renew()
    atexit.register(mark.remove)
