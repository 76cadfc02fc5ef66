"""A window that a program opens and ends, and never anybody else's.

It is known by its id and by who changed it last: a person who changes it takes it over, and from then on it
is theirs to end.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core import changes as moves
from guard.core.modes import CLOSED_PHASES, Phase
from guard.core.optimization import BY
from guard.core.terms import AtDeadline
from guard.errors import GuardError, IllegalMove, StaleEpoch, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.automation.parts import OptimizationParts
    from guard.core.state import GuardState
    from guard.orchestrator.advancing import Progress
    from guard.orchestrator.window import Window

__all__ = ["AutomatedWindow", "Ended"]

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0


class _NotOurs(GuardError):
    """The window is over, or somebody else's by now. `open` says which."""

    def __init__(self, text: str, *, is_open: bool) -> None:
        self.is_open = is_open
        super().__init__(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of ending it.

    Attributes:
        ended: whether it is known to be over; None when it is somebody else's by now.
        released: parked jobs that went back; None when another process does that, or nobody could say.
        problem: what went wrong, or empty.
    """

    ended: bool | None
    released: int | None = None
    problem: str = ""


class AutomatedWindow:
    """One window.

    Args:
        window_id: a UUID; the same one for whoever ends the window later.
    """

    def __init__(self, parts: OptimizationParts, window_id: str) -> None:
        self._parts = parts
        self.window_id = window_id

    def open(self) -> Window:
        """Close the gates. Returns when they are closed.

        Raises:
            IllegalMove: somebody's window is open; nothing was changed.
            StoreUnavailable: the durable store did not answer.
        """
        settings = self._parts.settings
        request = moves.WindowRequest.check(
            mode="normal",
            reason="Weekly optimization",
            by=BY,
            duration=settings.guard_optimize_duration,
            drain_within=settings.guard_optimize_drain_within,
            at_deadline=AtDeadline.ABORT.value,
            sessions="keep",
        )
        return self._parts.conductor.enable(request, window_id=self.window_id)

    def drain(self, seen: Callable[[Progress], None]) -> str:
        """Wait until no guarded job is left. Empty when the window is drained, else why it is not.

        A durable store that is away meanwhile is waited for, as long as the deadline lets us.
        """
        clock = self._parts.clock
        within = self._parts.settings.guard_optimize_drain_within
        until = clock.boot() + within + self._parts.patience.drain_slack
        problem = ""
        while True:
            try:
                state = self._parts.advancing.run(until=until, seen=seen).state
                break
            except StoreError as error:
                problem = f"the durable store did not answer while draining: {error}"
            if clock.boot() >= until:
                return problem
            clock.sleep(_PAUSE_SECONDS)
        if state.window_id == self.window_id and state.phase in {Phase.ACTIVE, Phase.VERIFYING}:
            return self.lost()
        if state.window_id == self.window_id and (state.phase in CLOSED_PHASES or state.by == "guard"):
            return f"jobs still ran after {within} s"
        return f"{state.by or 'somebody'} has ended the window"

    def lost(self) -> str:
        """Why nothing more may be begun in this window; empty while it is open and ours."""
        try:
            state = self._parts.changes.durable.read()
        except StoreError:
            try:
                state = self._parts.changes.plane.read()
            except StoreError:
                return "nobody can say whether the window is still open"
        try:
            self._require_ours(state)
        except _NotOurs as error:
            return str(error)
        return ""

    def _require_ours(self, state: GuardState) -> None:
        if state.window_id != self.window_id or state.phase not in CLOSED_PHASES:
            raise _NotOurs("the window was ended before everything was done", is_open=False)
        if state.by != BY:
            raise _NotOurs(f"{state.by} has changed the window, and so taken it over", is_open=True)

    def end(self, *, within: float) -> Ended:
        """Open the gates, and give parked jobs back. Never raises for a store that is away.

        Args:
            within: seconds to go on trying while the durable store does not answer; 0: once.
        """
        until = self._parts.clock.boot() + within
        while True:
            try:
                state = self._parts.changes.make("disable", BY, self._release, {"by": BY})
                return self._announce(state)
            except _NotOurs as error:
                return Ended(
                    ended=None if error.is_open else True, problem=str(error) if error.is_open else ""
                )
            except (StoreError, StaleEpoch, IllegalMove) as error:
                problem = f"the window could not be ended yet: {error}"
                log.warning("%s", problem)
            if self._parts.clock.boot() >= until:
                return Ended(ended=False, problem=problem)
            self._parts.clock.sleep(_PAUSE_SECONDS)

    def _release(self, old: GuardState, now: float) -> GuardState:
        self._require_ours(old)
        return moves.release(old, by=BY, now=now, unverified=True)

    def _announce(self, state: GuardState) -> Ended:
        untold = self._parts.changes.announce(state)
        result = self._parts.releasing.release()
        return Ended(
            ended=True,
            released=result.released if result is not None else None,
            problem=f"the control plane was not told yet that the window is over: {untold}" if untold else "",
        )
