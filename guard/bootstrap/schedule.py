"""Planned windows, wired. Loaded only by a process that plans them or brings them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notices import AlertNotices
from guard.automation.schedule import Due
from guard.core.modes import Mode

if TYPE_CHECKING:
    from guard.automation.schedule import Windows
    from guard.bootstrap.wiring import Wiring

__all__ = ["Scheduling"]


class Scheduling:
    """What brings planned windows on."""

    def __init__(self, wiring: Wiring) -> None:
        self._settings = wiring.settings
        self._stores = wiring.stores
        self._announce = wiring.announcer.announce

    def due(self, windows: Windows) -> Due:
        """Who performs what is due, by means of this guard."""
        stores = self._stores
        return Due(
            schedules=stores.schedules,
            state=stores.durable,
            windows=windows,
            notices=AlertNotices(stores.alerts, stores.clock, self._announce),
            alerts=stores.alerts,
            clock=stores.clock,
            sessions={mode: self._settings.sessions_policy(mode) for mode in Mode},
            automated=self._automated,
            announce=self._announce,
        )

    def _automated(self) -> str:
        """The window of the weekly optimization, while its run, or whoever recovers it, has not ended it."""
        lease = self._stores.window_leases.look()
        return lease.window_id if lease is not None else ""
