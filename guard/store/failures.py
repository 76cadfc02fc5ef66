"""Whoever counts that stores fail. A store tells it where it finds out, before it raises."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from guard.core.process_figures import Failed

__all__ = ["Listener", "listen", "note"]


class Listener(Protocol):
    """Hears of failures, in whichever thread they happen. Must not raise and must not wait."""

    def store_failed(self, store: Failed) -> None:
        """A store did not do what was asked."""


_listeners: weakref.WeakSet[Listener] = weakref.WeakSet()


def listen(listener: Listener) -> None:
    """Tell it from now on, for as long as somebody else holds it."""
    _listeners.add(listener)


def note(store: Failed) -> None:
    """A store did not do what was asked: an error of its library, not an answer that we refuse."""
    for listener in list(_listeners):
        listener.store_failed(store)
