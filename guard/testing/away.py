"""Stores that a test may take away: they then answer like a server that does not."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from guard.errors import StoreUnavailable
from guard.testing.errors import NotInMemory

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Away", "MayBeAway"]

_ALWAYS = frozenset({"close"})
_UNKNOWN_WHEN_AWAY = frozenset({"eviction_policy"})
"""Questions that say None instead of failing."""


class Away:
    """What is away now."""

    def __init__(self) -> None:
        self.control_plane = False
        self.durable_store = False


class MayBeAway:
    """A store in memory, while it is there.

    Args:
        name: what people call it.
        is_away: asked at each call.
    """

    def __init__(self, store: object, name: str, is_away: Callable[[], bool]) -> None:
        self._store = store
        self._name = name
        self._is_away = is_away

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            found = getattr(self._store, name)
        except AttributeError:
            raise NotInMemory(f"`{name}` of the {self._name}") from None
        if not callable(found) or name in _ALWAYS:
            return found

        @wraps(found)
        def asked(*args: Any, **kwargs: Any) -> Any:
            if self._is_away():
                if name in _UNKNOWN_WHEN_AWAY:
                    return None
                raise StoreUnavailable(f"{self._name}: taken away by the test")
            return found(*args, **kwargs)

        return asked
