"""`advance()`: one idempotent step of a window.

Gather facts, ask `guard.core.plan`, do what it says. The caller that waits, the orchestrator task and
the housekeeping of the workers all call it; it is safe to run twice and by several at once, since
every change is a compare-and-set and says from which state it was decided.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from guard.core import changes as moves
from guard.core.modes import Phase
from guard.core.named_events import EventName
from guard.core.plan import Act, plan
from guard.errors import IllegalMove, StaleEpoch, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.drain import DrainView
    from guard.core.named_events import Announces
    from guard.core.state import GuardState
    from guard.orchestrator.changes import Changes
    from guard.orchestrator.closing import Closing
    from guard.orchestrator.draining import Draining
    from guard.ports import Clock, WakeUp

__all__ = ["Advancing", "Progress"]

log = logging.getLogger(__name__)

_GUARD = "guard"
"""Who is named in the journal for what a policy decided."""
_LOOK_SECONDS = 1.0
"""Longest time between two looks while waiting: for what nobody announces, such as a deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One look at a window. `view` is None unless it drains."""

    state: GuardState
    act: Act
    view: DrainView | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types: what `maintenance drain --json` prints and the HTTP API answers. What is
        unknown is null."""
        state, view = self.state, self.view
        return {
            "window_id": state.window_id,
            "epoch": state.epoch,
            "phase": state.phase.value,
            "mode": state.mode.value if state.mode else None,
            "next": self.act.value,
            "drained": state.phase in {Phase.ACTIVE, Phase.VERIFYING},
            "deadline": state.drain_deadline,
            "at_deadline": state.terms.at_deadline.value,
            "ends_in": view.ends_in if view is not None else None,
            "blockers": [asdict(blocker) for blocker in view.blockers] if view is not None else None,
            "unknown": list(view.unknown) if view is not None else None,
        }


class Advancing:
    """Brings windows on.

    Args:
        release: gives parked jobs back.
        listen: a subscription to the channel on which workers report.
        sessions: what an emergency does with the sessions of non-admins.
        begin_books: notes that everything is counted from now on, given the window's id.
        drained: told how many seconds after its opening a window was drained; must not raise.
        remember: keeps what the workers of a window that has closed consumed, given its id and epoch.
    """

    def __init__(
        self,
        *,
        changes: Changes,
        closing: Closing,
        draining: Draining,
        release: Callable[[], object],
        listen: Callable[[], WakeUp],
        clock: Clock,
        begin_books: Callable[[str], None],
        remember: Callable[[str, int], None],
        announce: Announces,
        drained: Callable[[float], None] = lambda _: None,
        sessions: str | None = None,
    ) -> None:
        self._announce = announce
        self._missed: tuple[str, float] | None = None
        self._drained = drained
        self._begin_books = begin_books
        self._remember = remember
        self._sessions = sessions
        self._changes = changes
        self._closing = closing
        self._draining = draining
        self._release = release
        self._listen = listen
        self._clock = clock

    def look(self) -> Progress:
        """Where the window stands and what is to be done next. Changes nothing but the roll, and
        the control plane if that has lost the state.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        state = self._changes.durable.read()
        view = self._draining.view(state) if state.phase is Phase.DRAINING else None
        return Progress(state=state, act=plan(state, view, self._clock.wall()), view=view)

    def advance(self) -> Progress:
        """Look, and do the next act if there is one.

        Raises:
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        progress = self.look()
        try:
            self._perform(progress)
        except (StaleEpoch, IllegalMove) as error:
            log.info("another process was faster: %s", error)
        return progress

    def run(self, *, until: float | None = None, seen: Callable[[Progress], None] | None = None) -> Progress:
        """Bring the window on until nothing is left to do but to wait for a person: it is drained, over,
        or was never open.

        Args:
            until: boot time at which to give up waiting; None: never.
            seen: called with each look.

        Raises:
            StoreUnavailable: the durable store did not answer. Another process may go on.
        """
        ear = self._listen()
        try:
            self._hear(ear, 0.0)
            while True:
                progress = self.advance()
                if seen is not None:
                    seen(progress)
                if progress.act is Act.NOTHING:
                    return progress
                if until is not None and self._clock.boot() >= until:
                    return progress
                if progress.act in {Act.WAIT, Act.RELEASE}:
                    self._hear(ear, self._patience(progress, until))
        finally:
            ear.close()

    def _patience(self, progress: Progress, until: float | None) -> float:
        waits = [_LOOK_SECONDS]
        if until is not None:
            waits.append(until - self._clock.boot())
        if progress.state.drain_deadline is not None:
            waits.append(progress.state.drain_deadline - self._clock.wall())
        return max(0.01, min(waits))

    def _hear(self, ear: WakeUp, seconds: float) -> None:
        try:
            ear.wait(seconds)
        except StoreError:
            self._clock.sleep(seconds)

    def _perform(self, progress: Progress) -> None:
        state = progress.state
        self._tell_of_deadline(progress)
        match progress.act:
            case Act.CLOSE:
                self._begin_books(state.window_id)
                self._closing.announce_and_wait(state)
                self._remember(state.window_id, state.epoch)  # reports are of one epoch: before the next one
                self.change(state, "confirm", lambda old, now: moves.confirm(old, now=now))
            case Act.REPORT_DRAINED:
                if not self._draining.may_be_reported(state):
                    return  # a step has begun meanwhile
                new = self.change(state, "drained", lambda old, now: moves.drained(old, now=now))
                if state.started_at is not None:  # only who was first gets here, so each drain is told once
                    self._drained(new.changed_at - state.started_at)
            case Act.EXTEND:
                self.change(state, "extend drain", lambda old, now: moves.extend_drain(old, now=now))
            case Act.ESCALATE:
                self.change(
                    state,
                    "escalate",
                    lambda old, now: moves.change(
                        old, mode="emergency", sessions=self._sessions, by=_GUARD, now=now
                    ),
                )
            case Act.ABORT:
                self.change(
                    state, "abort", lambda old, now: moves.release(old, by=_GUARD, now=now, unverified=True)
                )
            case Act.RELEASE:
                self._release()
            case Act.WAIT | Act.NOTHING:
                pass

    def _tell_of_deadline(self, progress: Progress) -> None:
        """Once for each deadline, by each process that brings the window on."""
        state, deadline = progress.state, progress.state.drain_deadline
        if state.phase is not Phase.DRAINING or deadline is None or self._clock.wall() < deadline:
            return
        if progress.act is Act.REPORT_DRAINED or self._missed == (state.window_id, deadline):
            return
        self._missed = state.window_id, deadline
        self._announce(
            EventName.DRAIN_DEADLINE_MISSED,
            window_id=state.window_id,
            epoch=state.epoch,
            policy=progress.act.value,
        )

    def change(
        self, seen: GuardState, action: str, step: Callable[[GuardState, float], GuardState]
    ) -> GuardState:
        """Make one change of the state that was looked at, and tell everybody.

        Raises:
            StaleEpoch: somebody changed it meanwhile; nothing was done.
        """

        def only_of_this(old: GuardState, now: float) -> GuardState:
            if old.epoch != seen.epoch:
                raise StaleEpoch(expected=seen.epoch, found=old.epoch)
            return step(old, now)

        new = self._changes.make(action, _GUARD, only_of_this, {})
        self._changes.announce(new)
        return new
