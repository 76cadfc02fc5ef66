"""A beat registers when it starts, under a name of its own: so that a missing or a second one is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.signals import beat_init

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

__all__ = ["watch_for_beat"]


def watch_for_beat(app: Celery, begins: Callable[[], None]) -> None:
    """Call this when the process turns out to be a beat of this app. One inside a worker answers for
    itself."""

    def beat_begins(sender: Any = None, **_signal: Any) -> None:
        if getattr(sender, "app", None) is app:
            begins()

    beat_init.connect(beat_begins, weak=False)
