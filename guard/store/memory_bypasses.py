"""Bypass tokens in one process: that they were made, which stand, and how often each was used."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.core.bypass import BypassUse, BypassView
    from guard.ports import Clock

__all__ = ["MemoryBypassMarks", "MemoryBypasses"]


class MemoryBypasses:
    """As `SqlBypasses`, without a server."""

    def __init__(self) -> None:
        self._views: dict[str, BypassView] = {}

    def add(self, view: BypassView) -> None:
        """Keep that it was made."""
        self._views[view.bypass_id] = view

    def find(self, bypass_id: str) -> BypassView | None:
        """One by its id."""
        return self._views.get(bypass_id)

    def recent(self, limit: int) -> list[BypassView]:
        """The last that were made, the newest first."""
        return sorted(self._views.values(), key=lambda view: (-view.made_at, view.bypass_id))[:limit]

    def revoke(self, bypass_id: str, *, by: str, at: float) -> bool:
        """Whether it was this call that revoked it."""
        view = self._views.get(bypass_id)
        if view is None or view.revoked_at is not None:
            return False
        self._views[bypass_id] = replace(view, revoked_at=at, revoked_by=by)
        return True


class MemoryBypassMarks:
    """As `RedisBypasses`, without a server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._uses: Counter[BypassUse] = Counter()
        self._told: dict[BypassUse, int] = {}

    def allow(self, bypass_id: str, *, seconds: int) -> None:
        """Let this one stand."""
        self._until[bypass_id] = self._clock.boot() + seconds

    def stands(self, bypass_id: str) -> bool:
        """Whether it was made, and neither revoked nor over."""
        return self._clock.boot() < self._until.get(bypass_id, float("-inf"))

    def revoke(self, bypass_id: str) -> None:
        """From now on it does not stand."""
        self._until.pop(bypass_id, None)

    def note_use(self, use: BypassUse) -> None:
        """Count one use."""
        self._uses[use] += 1

    def uses(self) -> dict[BypassUse, int]:
        """How often each was used."""
        return dict(self._uses)

    def untold(self) -> dict[BypassUse, tuple[int, int]]:
        """Uses that the journal does not have: how many there are in all, and how many it has."""
        return {
            use: (count, self._told.get(use, 0))
            for use, count in self._uses.items()
            if count != self._told.get(use, 0)
        }

    def tell(self, use: BypassUse, count: int) -> None:
        """The journal has this many now."""
        self._told[use] = count
