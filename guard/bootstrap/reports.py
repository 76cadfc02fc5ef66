"""What makes and keeps reports, wired. Loaded only by a process that makes or shows one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from guard.reports.making import Making
from guard.reports.parts import ReportParts
from guard.store.sql.happenings import SqlHappenings
from guard.store.sql.reports import SqlReports

if TYPE_CHECKING:
    from guard.bootstrap.wiring import Wiring

__all__ = ["Reporting"]


class Reporting:
    """The reports of one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @functools.cached_property
    def kept(self) -> SqlReports:
        """Those that were made."""
        return SqlReports(self._wiring.stores.durable)

    @functools.cached_property
    def making(self) -> Making:
        """What makes them."""
        return Making(self.parts())

    def parts(self) -> ReportParts:
        """What they are made of."""
        wiring, stores, routines = self._wiring, self._wiring.stores, self._wiring.routines
        return ReportParts(
            durable=stores.durable,
            happenings=SqlHappenings(stores.durable),
            kept=self.kept,
            past=routines.store,
            tally=stores.tally,
            index=stores.index,
            outcomes=stores.outcomes,
            attempts=stores.attempts,
            clock=stores.clock,
            zone=routines.zone,
            frequent=frozenset(entry.name for entry in routines.timetable if entry.is_frequent),
            announce=wiring.announcer.announce,
            roster=wiring.conducting.roster,
        )
