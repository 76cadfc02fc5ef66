"""Who sweeps sessions, and goes on where a pass stopped.

Invalidating is the generation's work and is over before anything here begins. What is left is to delete keys
and rows that nobody accepts any more: by whoever invalidated, by the housekeeping of the workers when that
process died, and by every later sweep. Marks in Redis say how far that has come; a lock keeps two from doing
the same.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.modes import Gate
from guard.core.session_sweep import is_due
from guard.orchestrator.session_pass import Orders, SessionPass
from guard.orchestrator.session_relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.generation import Generation
    from guard.core.named_events import Announces
    from guard.core.session_sweep import SessionSweep
    from guard.core.state import GuardState
    from guard.orchestrator.session_pass import SessionDoers
    from guard.ports import Clock, Lock
    from guard.session_ports import SessionMarks

__all__ = ["SessionCleaning"]

log = logging.getLogger(__name__)

_LOCK = "sessions"


class SessionCleaning:
    """Sweeps for one app.

    Args:
        doers: where sessions are; asked for when there is something to do.
        lifetime: seconds for which a session lasts that does not say when it ends.
        patience: seconds before a pass is tried again that could not find out everything.
    """

    def __init__(
        self,
        *,
        doers: Callable[[], SessionDoers],
        marks: SessionMarks,
        lock: Callable[[str], Lock],
        clock: Clock,
        lifetime: float,
        patience: float,
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._doers = doers
        self._marks = marks
        self._lock = lock
        self._clock = clock
        self._lifetime = lifetime
        self._patience = patience

    def sweep(
        self,
        state: GuardState,
        *,
        generation: Generation | None = None,
        dry_run: bool = False,
        seen: Callable[[SessionSweep], None] | None = None,
    ) -> SessionSweep:
        """Look at all sessions, whoever else may be at it.

        Args:
            generation: by which they are judged; the state's when None.
        """
        judged_by = generation or state.generation
        if dry_run:
            return self._timed(self._orders(state, judged_by, dry_run=True, seen=seen), 0)
        relay = self._relay(judged_by.number)
        return self._run(
            relay, self._orders(state, judged_by, go_on=relay.go_on, seen=seen), relay.take() or 0
        )

    def catch_up(
        self,
        state: GuardState,
        *,
        within: float,
        stopped: Callable[[], bool] = lambda: False,
        seen: Callable[[SessionSweep], None] | None = None,
    ) -> SessionSweep | None:
        """Delete what the last invalidation has left, for so many seconds at most. None when nothing is left,
        somebody else is at it, or it is too early to try again.

        Raises:
            StoreUnavailable: the control plane did not answer.
        """
        if not is_due(self._marks.read(), state.generation.number, self._clock.wall()):
            return None
        relay = self._relay(state.generation.number, until=self._clock.boot() + within, stopped=stopped)
        cursor = relay.take()
        if cursor is None:
            return None
        return self._run(relay, self._orders(state, state.generation, go_on=relay.go_on, seen=seen), cursor)

    def is_left(self, state: GuardState) -> bool:
        """Whether there may be something to do for `catch_up`. Costs one round trip.

        Raises:
            StoreUnavailable: the control plane did not answer.
        """
        return is_due(self._marks.read(), state.generation.number, self._clock.wall())

    def _run(self, relay: Relay, orders: Orders, cursor: int) -> SessionSweep:
        try:
            done = self._timed(orders, cursor)
            relay.note(done)
        finally:
            relay.give_back()
        return replace(done, resumed=cursor != 0)

    def _relay(
        self, generation: int, *, until: float | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> Relay:
        return Relay(
            marks=self._marks,
            lock=self._lock(_LOCK),
            clock=self._clock,
            server=self._server,
            generation=generation,
            patience=self._patience,
            until=until,
            stopped=stopped,
        )

    def _server(self) -> str:
        keys = self._doers().keys
        return keys.server() if keys is not None else ""

    def _orders(
        self,
        state: GuardState,
        generation: Generation,
        *,
        dry_run: bool = False,
        go_on: Callable[[int], bool] = lambda _cursor: True,
        seen: Callable[[SessionSweep], None] | None = None,
    ) -> Orders:
        return Orders(
            generation=generation,
            now=self._clock.wall(),
            lifetime=self._lifetime,
            why="maintenance_activation" if state.is_active else "session_invalidation",
            purge=state.gate is Gate.EMERGENCY,
            dry_run=dry_run,
            go_on=go_on,
            seen=seen,
        )

    def _timed(self, orders: Orders, cursor: int) -> SessionSweep:
        begun = self._clock.boot()
        done = SessionPass(self._doers(), orders, self._announce).run(cursor)
        for problem in done.problems:
            log.warning("sessions: %s", problem)
        return replace(done, seconds=round(self._clock.boot() - begun, 3))
