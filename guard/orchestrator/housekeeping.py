"""One round of housekeeping, done by one worker of the fleet every few seconds.

It only looks whether there is something to do, at next to no cost; the conductor, and with it all that
conducting needs, is called when there is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.core.configuration import drift
from guard.core.modes import Gate, Phase
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.orchestrator.conductor import Conductor
    from guard.ports import ControlPlane, DurableReader

__all__ = ["Housekeeping"]

log = logging.getLogger(__name__)


class Housekeeping:
    """Takes over a release that nobody goes on with, and imports hand-made changes of the guides'
    configuration rows.

    Args:
        parked: how many jobs are parked; None when unknown.
        conductor: gives the conductor; called only when there is work for it.
    """

    def __init__(
        self,
        *,
        plane: ControlPlane,
        glance: DurableReader,
        parked: Callable[[], int | None],
        conductor: Callable[[], Conductor],
    ) -> None:
        self._plane = plane
        self._glance = glance
        self._parked = parked
        self._conductor = conductor

    def sweep(self) -> None:
        """One round. Never raises for a store that is away: the next round comes."""
        try:
            state = self._plane.read()
            if state.gate is Gate.OPEN and (state.phase is Phase.RELEASING or self._parked()):
                self._conductor().release()
            if drift(self._glance.configuration_rows(), self._glance.read()) is not None:
                self._conductor().import_rows()
        except GuardError as error:
            log.warning("housekeeping: %s", error)
