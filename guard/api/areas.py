"""What a `Guard` has beside its windows: each area has its own questions, and is loaded when it is asked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from guard.api.ledger import LedgerView
from guard.api.parked import Parked

if TYPE_CHECKING:
    from guard.api.optimization import Optimization
    from guard.api.parts import Parts
    from guard.api.routines import Routines
    from guard.api.sessions import Sessions
    from guard.core.registry import OperationRegistry
    from guard.ports import DurableStore
    from guard.settings import Settings

__all__ = ["Areas"]


class Areas:
    """The areas of one app's guard."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.parked = Parked(parts)
        """The parked jobs: listed, released or discarded one by one."""
        self.ledger = LedgerView(parts)
        """The jobs that were accepted and have not ended, where the ledger is switched on."""

    @functools.cached_property
    def sessions(self) -> Sessions:
        """The application's sessions: which are accepted, who may sign in, and what is to be deleted."""
        from guard.api.sessions import Sessions

        return Sessions(self._parts)

    @functools.cached_property
    def optimization(self) -> Optimization:
        """The weekly optimization: run it, or ask what the last run did."""
        from guard.api.optimization import Optimization

        return Optimization(self._parts)

    @functools.cached_property
    def routines(self) -> Routines:
        """What beat runs by the timetable: health checks, reviews, sweeps; also by hand."""
        from guard.api.routines import Routines

        return Routines(self._parts)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._parts.settings

    @property
    def operations(self) -> OperationRegistry:
        """The registry: declare operations and add rules while the app is set up."""
        return self._parts.registry

    @property
    def durable(self) -> DurableStore:
        """The durable store: state, history, journal."""
        return self._parts.stores.durable
