"""One round of housekeeping, done by one worker of the fleet every few seconds.

It only looks whether there is something to do, at next to no cost; the conductor, and with it all that
conducting needs, is called when there is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.core.configuration import drift
from guard.core.modes import Gate, Phase
from guard.core.reconcile import to_be_journaled
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.orchestrator.advancing import Advancing
    from guard.orchestrator.changes import Changes
    from guard.orchestrator.conductor import Conductor
    from guard.orchestrator.releasing import Releasing
    from guard.ports import Clock, ControlPlane, DurableReader

__all__ = ["Housekeeping"]

log = logging.getLogger(__name__)

_UNDER_WAY = frozenset({Phase.CLOSING, Phase.DRAINING})
_ITS_OWNERS_SECONDS = 2.0
"""A window that has just changed is left to whoever changed it; if that process died, we go on."""


class Housekeeping:
    """Takes over a drain or a release that nobody goes on with, ends an automated window whose run is dead,
    tells the durable store what it missed, imports hand-made changes of the guides' configuration rows, and
    deletes sessions that were ended.

    Args:
        parked: how many jobs are parked; None when unknown.
        reconcile: looks for jobs that were accepted and are nowhere, where a ledger is kept.
        sessions: deletes sessions that were ended and are still there, for some seconds.
        bypasses: journals uses of bypasses, where there can be any.
        conductor, releasing, advancing, changes: give what does it; called only when there is work for it.
        recover: ends an automated window whose run is dead; called only while one is open.
    """

    def __init__(
        self,
        *,
        plane: ControlPlane,
        glance: DurableReader,
        parked: Callable[[], int | None],
        conductor: Callable[[], Conductor],
        releasing: Callable[[], Releasing],
        advancing: Callable[[], Advancing],
        changes: Callable[[], Changes],
        clock: Clock,
        recover: Callable[[], object],
        reconcile: Callable[[], object] | None = None,
        sessions: Callable[[GuardState], object] | None = None,
        bypasses: Callable[[], object] | None = None,
    ) -> None:
        self._plane = plane
        self._glance = glance
        self._parked = parked
        self._conductor = conductor
        self._releasing = releasing
        self._advancing = advancing
        self._changes = changes
        self._clock = clock
        self._recover = recover
        self._reconcile = reconcile
        self._sessions = sessions
        self._bypasses = bypasses

    def sweep(self) -> None:
        """One round. Never raises for a store that is away: the next round comes."""
        try:
            state = self._plane.read()
            if self._clock.wall() - state.changed_at > _ITS_OWNERS_SECONDS:
                self._go_on(state)
            durable = self._glance.read()
            if to_be_journaled(durable, state) is not None:
                self._changes().journal_what_was_missed()
            elif drift(self._glance.configuration_rows(), durable) is not None:
                self._conductor().import_rows()
            if state.is_active and _is_automated(state):
                self._recover()
            if self._reconcile is not None:
                self._reconcile()
            if self._bypasses is not None:
                self._bypasses()
            if self._sessions is not None and self._clock.wall() - state.changed_at > _ITS_OWNERS_SECONDS:
                self._sessions(state)
        except GuardError as error:
            log.warning("housekeeping: %s", error)

    def _go_on(self, state: GuardState) -> None:
        if state.gate is Gate.OPEN and (state.phase is Phase.RELEASING or self._parked()):
            self._releasing().release()
        elif state.phase in _UNDER_WAY:
            self._advancing().advance()


def _is_automated(state: GuardState) -> bool:
    from guard.core.optimization import BY  # large, and of no use to a worker in which no window is open

    return state.by == BY
