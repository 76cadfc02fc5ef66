"""The stage of a rehearsal: the running system, in test mode. It touches nothing.

Symptoms are told as facts; no fault is made. The window is in test mode: no job is refused, parked or ended,
and no session. It gives way to any real window, and a drill that finds one open is over.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from guard.core.drill_detection import Readings
from guard.core.drill_window import DRILL_REASON
from guard.core.drills import Place
from guard.core.generation import SessionPolicy
from guard.core.modes import Mode, Phase
from guard.drills.performing import Unseen
from guard.errors import GuardError, IllegalMove, StaleEpoch, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.drills import Scenario
    from guard.core.state import GuardState
    from guard.orchestrator.status import Status
    from guard.orchestrator.window import Window

__all__ = ["Rehearsal", "RehearsalGuard"]

log = logging.getLogger(__name__)

_SPARE_SECONDS = 600.0
_LONGEST_SECONDS = 6 * 3600.0


class RehearsalGuard(Protocol):
    """What is asked of the guard: `guard.api.Guard` does it."""

    def enable(self, *, reason: str, by: str, mode: str, duration: float, sessions: str) -> Window: ...
    def disable(self, *, by: str, unverified: bool, epoch: int | None) -> Window: ...
    def preview(self, *, mode: str) -> Any: ...
    def status(self) -> Any: ...


class Rehearsal:
    """One rehearsal.

    Args:
        state: reads the guard's state from whichever store answers. It may raise StoreError.
    """

    place = Place.REHEARSAL

    def __init__(
        self, scenario: Scenario, guard: RehearsalGuard, *, by: str, state: Callable[[], GuardState]
    ) -> None:
        self._scenario = scenario
        self._guard = guard
        self._by = by
        self._state = state
        self._told = Readings()
        self._running: set[str] = set()
        self._whole: bool | None = None
        self._over = False
        self.window_id = ""

    def interrupted(self) -> str:
        """Whatever is real comes first. That nobody can say is no reason to go on."""
        try:
            state = self._state()
        except StoreError as error:
            return f"nobody can say whether something real goes on: {error}"
        if state.is_active and state.window_id != self.window_id:
            kind = state.mode.value if state.mode is not None else "unknown"
            return f"a {kind} window is open: {state.reason} ({state.by})"
        if self.window_id and not self._over and not state.is_active:
            return "somebody has ended the window of this drill"
        return ""

    def inject(self) -> tuple[str, ...]:
        """Tell the symptoms."""
        for symptom in self._scenario.symptoms:
            self._told = self._told.and_then(symptom.reading)
        return tuple(symptom.told for symptom in self._scenario.symptoms)

    def readings(self) -> Readings:
        """What was told."""
        return self._told

    def close(self) -> str:
        """Open the window, in test mode."""
        duration = sum(step.given_up_after for step in self._scenario.steps_in(self.place)) + _SPARE_SECONDS
        window = self._guard.enable(
            reason=f"{DRILL_REASON}{self._scenario.title}",
            by=self._by,
            mode=Mode.TEST.value,
            duration=min(duration, _LONGEST_SECONDS),
            sessions=SessionPolicy.KEEP.value,
        )
        self.window_id = window.window_id
        if window.acknowledged is None or window.unconfirmed is None:
            raise Unseen("the registry of workers does not answer")
        if window.unconfirmed:
            raise Unseen(f"unconfirmed: {', '.join(window.unconfirmed)}")
        if not window.acknowledged:
            raise Unseen("no worker is registered")
        count = len(window.acknowledged)
        return f"{count} worker{'s' if count > 1 else ''}"

    def drained(self) -> bool:
        """Whether the jobs that ran when it was first asked have ended: a real drain would be over."""
        if self._whole is None:
            self._note_running()
        if not self._whole:
            raise Unseen("not every worker said what it ran when the window began")
        if not self._running:
            return True
        now = self._guard.preview(mode=Mode.NORMAL.value)
        if now.jobs is None or not now.is_whole:
            return False  # a worker that does not answer is asked again
        self._running &= {job.task_id for job in now.jobs}
        return not self._running

    def repair(self) -> None:
        """Nothing was broken."""

    def open(self) -> None:
        """End it, if it still is ours."""
        state = self._state()
        if state.window_id == self.window_id and state.mode is Mode.TEST and state.is_active:
            self._guard.disable(by=self._by, unverified=True, epoch=state.epoch)
            self._over = True

    def is_open(self) -> bool:
        """By the word of every worker."""
        status: Status = self._guard.status()
        if status.phase != Phase.INACTIVE.value or status.workers.live is None:
            return False
        return status.workers.live > 0 and not status.workers.unconfirmed

    def leave(self) -> None:
        """End what is still ours. A real window that took its place is left alone."""
        if not self.window_id or self._over:
            return None
        for _ in range(3):
            try:
                return self.open()
            except (StaleEpoch, IllegalMove):
                continue
            except GuardError as error:
                # The expiry sweep ends it at its planned end.
                return log.warning("the window of a drill was not ended: %s", error)
        return None

    def _note_running(self) -> None:
        found = self._guard.preview(mode=Mode.NORMAL.value)
        # Of no worker at all nobody can say what it runs.
        self._whole = found.jobs is not None and bool(found.workers) and found.is_whole
        self._running = {job.task_id for job in found.jobs or () if job.blocked}
