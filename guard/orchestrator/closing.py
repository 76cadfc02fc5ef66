"""Closing: write the epoch, and return no sooner than the gates are closed. Opening: let all hear of it.

Rules in `guard.core.barrier`. This is the shell around them: it writes, listens for the word that
all have acknowledged, looks at the clock, and at the end asks again whether the server and the epoch
are still the ones that it wrote to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.barrier import BarrierFacts, Verdict, judge
from guard.core.modes import Gate
from guard.core.named_events import EventName, not_announced
from guard.errors import StoreError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.lease import LeaseTimes
    from guard.core.named_events import Announces
    from guard.core.roster import Barrier
    from guard.core.state import GuardState
    from guard.orchestrator.changes import Changes
    from guard.ports import Clock, WakeUp

__all__ = ["Closed", "Closing"]

_LISTEN_SECONDS = 0.05
_WRITINGS = 3
"""How often an epoch that does not stay in the control plane is waited for. Then somebody else writes there
too, and SQL alone carries it."""
_WITNESS_SECONDS = 5.0
"""How often agents ask the durable store: how late they hear of an epoch that Redis does not carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How the barrier was passed. `took` is seconds; `problem` says what could not be reached."""

    verdict: Verdict
    took: float
    problem: str = ""

    @property
    def proof(self) -> str:
        """How it is known: ``acknowledged`` by everybody, by ``time`` alone, or ``none``."""
        if self.problem:
            # Workers that reach Redis but not SQL could go on believing the old epoch.
            return "none"
        return "acknowledged" if self.verdict is Verdict.CONFIRMED else "time"


class Closing:
    """Waits for one epoch.

    Args:
        listen: makes a subscription to the channel that says "all have acknowledged".
    """

    def __init__(
        self,
        *,
        changes: Changes,
        clock: Clock,
        lease: LeaseTimes,
        listen: Callable[[], WakeUp],
        announce: Announces = not_announced,
    ) -> None:
        self._announce = announce
        self._changes = changes
        self._clock = clock
        self._lease = lease
        self._listen = listen

    def announce_and_wait(self, state: GuardState, meanwhile: Callable[[], object] | None = None) -> Closed:
        """Tell everybody, and return when the barrier is passed: in milliseconds on a healthy fleet,
        after one lease when somebody is silent.

        Args:
            meanwhile: what is to be done as soon as all were told, and before anybody is waited for.
        """
        ear = self._listen()
        try:
            closed = self._announce_and_wait(state, ear, meanwhile)
        finally:
            ear.close()
        if state.gate is not Gate.OPEN:
            self._announce(
                EventName.GATE_CLOSED,
                window_id=state.window_id,
                epoch=state.epoch,
                proof=closed.proof,
                seconds=closed.took,
            )
        return closed

    def wait_until_opened(self) -> None:
        """Wait until all have heard that the gate is open, for one lease after it was opened at most: a job
        that is given back before its worker has heard would be parked a second time. Nothing is proven by
        this, so the registry need not be known to be whole. A gate that is closed is not waited for.

        Raises:
            StoreError: the control plane does not say what it is.
        """
        state = self._changes.plane.read()
        # Another machine's clock may have set the time: never longer than a lease, whatever it says.
        left = min(self._lease.lease, self._lease.lease - (self._clock.wall() - state.changed_at))
        if state.gate is not Gate.OPEN or left <= 0:
            return
        ear = self._listen()
        try:
            self._hear(ear, 0.0)
            self._wait(state.epoch, self._clock.boot(), left, ear, whole_after=0.0)
        finally:
            ear.close()

    def _announce_and_wait(
        self, state: GuardState, ear: WakeUp, meanwhile: Callable[[], object] | None
    ) -> Closed:
        self._hear(ear, 0.0)  # subscribe before the first acknowledgement can come
        first = self._clock.boot()
        writings = 0
        while True:
            problem = self._changes.announce(state)
            writings += 1
            if not problem and writings > _WRITINGS:
                problem = f"epoch {state.epoch} was overwritten there: who else writes to this Redis?"
            written = self._clock.boot()
            if meanwhile is not None and writings == 1:
                meanwhile()
            # An epoch that only SQL carries is heard of when the witnesses ask next.
            barrier = self._lease.barrier + (_WITNESS_SECONDS if problem else 0.0)
            server, verdict = self._wait(
                state.epoch, written, barrier, ear, whole_after=self._lease.barrier
            )
            if problem or self._still_there(state, server):
                return Closed(verdict=verdict, took=self._clock.boot() - first, problem=problem)
            self._announce(EventName.STATE_REWRITTEN, window_id=state.window_id, epoch=state.epoch)

    def _wait(
        self, epoch: int, written: float, barrier: float, ear: WakeUp, *, whole_after: float
    ) -> tuple[str, Verdict]:
        server = ""
        while True:
            seen = self._look()
            if seen is not None and not server:
                server = seen.server
            same = seen is not None and seen.epoch == epoch and seen.server == server
            verdict = judge(
                BarrierFacts(
                    waited=self._clock.boot() - written,
                    barrier=barrier,
                    pending=seen.pending if same and seen else None,
                    registry_age=seen.registry_age if same and seen else None,
                    whole_after=whole_after,
                )
            )
            if verdict is not Verdict.WAIT:
                return server, verdict
            self._hear(ear, _LISTEN_SECONDS)

    def _still_there(self, state: GuardState, server: str) -> bool:
        """Whether the control plane still is the server we wrote to, and holds our window: this epoch,
        or a later one of it (somebody may have changed or even ended it meanwhile)."""
        seen = self._look()
        if seen is None or seen.server != server:
            return False
        try:
            live = self._changes.plane.read()
        except StoreError:
            return False
        return live.epoch >= state.epoch and live.window_id == state.window_id

    def _look(self) -> Barrier | None:
        try:
            return self._changes.plane.barrier()
        except StoreError:
            return None

    def _hear(self, ear: WakeUp, seconds: float) -> None:
        try:
            ear.wait(seconds)
        except StoreUnavailable:
            self._clock.sleep(seconds)
