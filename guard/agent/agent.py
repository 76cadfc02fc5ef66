"""The agent of one process: renew, believe, close or open, acknowledge.

Rules (theory in `guard.core.lease`; model: docs/model/barrier.pml):

1. Trust lasts L from *before* a renewal was sent.
2. Registering and reading the state are one atomic step.
3. After a new connection the durable store is asked before Redis is believed.
4. A smaller epoch is never accepted; a state of another installation neither. A greater one that closes,
   and that neither store is known to have, is written again at once.
5. On closing: write the word, wait out the fence, wait until no child is between look and start,
   and only then acknowledge. Requeueing what is reserved goes on afterwards: it needs no trust,
   since nothing can start (docs/decisions.md D3).
6. A pushed record may close at once. It never opens: for that the agent asks.
7. Whatever goes wrong, the word's deadline passes and the gate is closed.
"""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING

from guard.agent.sums import FigureSums, Sums
from guard.core.modes import Gate
from guard.core.named_events import EventName
from guard.core.reconcile import was_lost
from guard.core.record import read_record
from guard.core.state import newer
from guard.errors import StateInvalid, StateMissing, StoreError
from guard.gates.page import FENCE_SECONDS
from guard.gates.runtime import Belief

if TYPE_CHECKING:
    from pathlib import Path

    from guard.agent.follower import Follower
    from guard.agent.witness import Witness
    from guard.alive import Mark
    from guard.core.agents import AgentCard, AgentReport
    from guard.core.lease import LeaseTimes
    from guard.core.named_events import Announces
    from guard.core.state import GuardState
    from guard.gates.page import SharedPage
    from guard.gates.runtime import Runtime
    from guard.ports import Clock, ControlPlane, FigureBooks, Tally, WakeUp

__all__ = ["Agent"]

log = logging.getLogger(__name__)

_DICE = random.SystemRandom()
"""Spreads load. The numbers of `random` itself are the application's, which may have seeded them."""

_RENEWED = "renewed"
_SLICE_SECONDS = 0.25
"""Longest wait in one go: how late the agent sees its own stop and the local close file."""
_SETTLE_SECONDS = 0.002
_BUSY_SECONDS = 0.02
"""Between two looks at the slots while jobs drain: how late the end of a job is noticed."""
_FIRST_TESTIMONY_SECONDS = 5.0


class Agent:
    """One thread, and the witness beside it.

    Args:
        card: who this process is. A card with a `problem` keeps the gate closed whatever the state says.
        local_close: the file whose presence closes this machine.
        page: the shared page that this agent writes; None in a process in which no jobs run.
        mark: says to health checks of this machine that this agent lives; None: nobody asks.
    """

    def __init__(
        self,
        *,
        card: AgentCard,
        runtime: Runtime,
        plane: ControlPlane,
        witness: Witness,
        wake_up: WakeUp,
        tally: Tally,
        figures: FigureBooks,
        lease: LeaseTimes,
        clock: Clock,
        follower: Follower,
        local_close: Path,
        secret: bytes | None,
        page: SharedPage | None,
        announce: Announces,
        mark: Mark | None = None,
    ) -> None:
        self._announce = announce
        self._mark = mark
        self.card = card
        self._runtime = runtime
        self._plane = plane
        self._witness = witness
        self._wake_up = wake_up
        self._sums = Sums(tally, runtime.take_counts, sender=card.agent_id)
        self._figure_sums = FigureSums(figures, runtime.figures)
        self._lease = lease
        self._clock = clock
        self._follower = follower
        self._local_close = local_close
        self._secret = secret
        self._page = page
        self._renewing = threading.RLock()
        self._stopping = threading.Event()
        self._certify_after = 0.0
        self._missing_since = 0.0
        self._connections = 0
        self._gate = Gate.UNKNOWN
        self._epoch = -1
        self._acknowledged = False
        self._settled_at = 0.0
        self._last_attempt = 0.0
        self._told_card = False
        self.problem = ""
        """Why the last renewal gave no trust; empty when it did."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="guard-agent")

    def start(self) -> None:
        """Renew once, here and now, so that a healthy process starts with a known state; then go on
        in a thread. Never raises for a store that is away: then the gate stays closed."""
        self._witness.start()
        self.renew(patience=_FIRST_TESTIMONY_SECONDS)
        self._settle()
        self._say_alive()
        self._thread.start()

    def stop(self) -> None:
        """Close the gate, leave the registry and stop. Safe to call twice, and before start."""
        self._stopping.set()
        self._witness.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2.0)
        with self._renewing:
            self._runtime.belief = Belief(self._runtime.belief.state, 0.0)
            if self._page is not None:
                self._page.write(Gate.UNKNOWN, max(0, self._epoch), 0)
        self._flush_counts()
        try:
            self._plane.leave(self.card.agent_id)
        except StoreError as error:
            log.debug("could not leave the registry: %s", error)
        self._wake_up.close()
        self._plane.close()
        if self._mark is not None:
            self._mark.remove()

    def follow(self) -> None:
        """Renew and acknowledge, here and now: the whole turn of an agent whose thread was not started."""
        self.renew()
        self._settle()

    def renew_if_due(self) -> None:
        """For a process whose trust has lapsed: ask now, but not more often than five times a second."""
        with self._renewing:
            if self._clock.boot() - self._last_attempt >= 0.2:
                self.renew(patience=self._lease.timeout)

    def renew(self, *, patience: float = 0.0) -> None:
        """One renewal. Extends the trust, or leaves it to run out and says why in `problem`.

        Args:
            patience: seconds to wait for the witness when one is needed.
        """
        with self._renewing:
            before = self.problem
            problem = self._renew(patience)
            self.problem = "" if problem == _RENEWED else problem
            self._last_attempt = self._clock.boot()
        if self.problem and self.problem != before:
            self._announce(EventName.TRUST_LOST, worker=self.card.node, why=self.problem)
        elif before and not self.problem:
            self._announce(EventName.TRUST_RENEWED, worker=self.card.node)
        self._flush_counts()

    def _renew(self, patience: float) -> str:
        sent = self._clock.boot()
        try:
            renewal = self._plane.renew(
                self.card, self._report(), register=not self._told_card, epoch=self._epoch
            )
        except StateMissing as error:
            return self._restored(patience) or str(error)
        except StoreError as error:
            return str(error)
        self._missing_since = 0.0
        self._told_card = True
        if renewal.forgotten:
            self._acknowledged = False
        if self._plane.connections != self._connections:
            # A new connection, made before or during this renewal: another server may have answered. What the
            # durable store said before this answer does not speak for it, not even what it said since the
            # question was sent (model: BREAK_CERTIFIED_FROM_SEND).
            self._connections = self._plane.connections
            self._certify_after = self._clock.boot()
        return self._consider(renewal.state, sent, patience)

    def _report(self) -> AgentReport | None:
        closed = self._gate is not Gate.OPEN
        return self._follower.report() if closed and self._acknowledged else None

    def _restored(self, patience: float) -> str:
        """Redis holds no state: write it again from an answer of the durable store that was asked for
        *after* the loss was seen; an older one may lack the last change. Then renew once more."""
        self._acknowledged = False
        self._told_card = False
        if not self._missing_since:
            self._missing_since = self._clock.boot()
        self._wrote_what_was_lost(None)
        testimony = self._witness.asked_since(self._missing_since, within=patience)
        if testimony is None:
            self._witness.call()
            return ""
        state, known = testimony.state, self._runtime.belief.state
        if (
            known is not None
            and known.store_id == state.store_id
            and known.gate not in {Gate.OPEN, Gate.TEST}
        ):
            state = newer(state, known)  # SQL was not told of an emergency that began while it was away
        self._repair(state)
        sent = self._clock.boot()
        try:
            state = self._plane.renew(self.card, None, register=True).state
        except StoreError as error:
            return str(error)
        self._missing_since = 0.0
        self._told_card = True
        self._connections = self._plane.connections
        # What was just read may be what was just written here, by an answer that is older than it looks: this
        # thread may have been frozen. So SQL is asked once more (model: BREAK_BELIEVES_OWN_REPAIR).
        self._certify_after = self._clock.boot()
        return self._consider(state, sent, patience) or _RENEWED

    def _consider(self, state: GuardState, sent: float, patience: float) -> str:
        """Believe a state that Redis gave, if everything speaks for it."""
        if self._wrote_what_was_lost(state):
            return f"Redis was at epoch {state.epoch}, older than what is known here: not believed"
        testimony = self._witness.latest
        if testimony is None or testimony.asked_at < self._certify_after:
            testimony = self._witness.asked_since(self._certify_after, within=patience) if patience else None
            if testimony is None:
                self._witness.call()
                return f"new connection, no answer of the durable store yet {self._witness.problem}".strip()
        if testimony.state.store_id != state.store_id:
            return "this Redis holds the guard state of another installation: use another GUARD_NAMESPACE"
        if testimony.state.epoch > state.epoch:
            self._repair(testimony.state)
        state = newer(state, testimony.state)
        known = self._runtime.belief.state
        if known is not None and state.epoch < known.epoch:
            return f"the stores are at epoch {state.epoch}, older than {known.epoch}: not believed"
        self._adopt(state, self._lease.trusted_until(sent))
        return ""

    def _wrote_what_was_lost(self, live: GuardState | None) -> bool:
        """Write what neither store is known to have, when it closes. Whether there is such a state.

        Args:
            live: what Redis holds; None: nothing.
        """
        known, testimony = self._runtime.belief.state, self._witness.latest
        if known is None or not was_lost(known, live, testimony.state if testimony is not None else None):
            return False
        self._repair(known)
        self._certify_after = self._clock.boot()  # what is read next may be what was just written here
        self._witness.call()
        return True

    def _repair(self, state: GuardState) -> None:
        try:
            if self._plane.publish(state):
                self._announce(EventName.STATE_REWRITTEN, window_id=state.window_id, epoch=state.epoch)
        except StoreError as error:
            doing = f"epoch {state.epoch} is to be written again"
            self._announce(EventName.STORE_FAILED, store="control plane", doing=doing, why=str(error))

    def _adopt(self, state: GuardState, trusted_until: float) -> None:
        if self._stopping.is_set():
            return
        closed_here = bool(self.card.problem) or self._local_close.exists()
        now, until_then = self._clock.boot(), self._runtime.belief.trusted_until
        self._runtime.belief = Belief(state, trusted_until, closed_here)
        gate = Gate.UNKNOWN if closed_here or now >= trusted_until else state.gate
        if self._page is not None:
            self._page.write(
                gate,
                state.epoch,
                int(trusted_until * 1000),
                bypass=state.honours_bypass and not closed_here,
                scope=state.terms.scope,
            )
        if int(self._clock.boot() * 1000) >= int(until_then * 1000):
            # Trust ran out, for those who read the page, before this was written there: this thread was
            # stopped. The main loop may have cordoned meanwhile: it must hear of a gate as open as before.
            self._gate = Gate.UNKNOWN
        if state.epoch != self._epoch:
            self._epoch = state.epoch
            self._acknowledged = False
            # from after the write: this thread may have been frozen before it
            self._settled_at = self._clock.boot() + (FENCE_SECONDS if self._page is not None else 0.0)
            self._follower.adopted(state)
        if gate is not self._gate:
            self._gate = gate
            self._follower.gate_is(gate)

    def _run(self) -> None:
        renew_at = self._clock.boot() + self._pause()
        while not self._stopping.is_set():
            try:
                renew_at = self._turn(renew_at)
                self._say_alive()
            except Exception:
                # Whatever it is, the thread must live on: without it the gate stays closed for ever.
                log.exception("the guard's agent stumbled and goes on")
                self._stopping.wait(_SLICE_SECONDS)

    def _say_alive(self) -> None:
        if self._mark is not None:
            self._mark.renew()

    def _turn(self, renew_at: float) -> float:
        """Wait for a push or for the time of the next renewal; gives that time."""
        draining = self._acknowledged and self._gate is not Gate.OPEN and self._follower.is_busy
        slice_seconds = _BUSY_SECONDS if draining else _SLICE_SECONDS
        wait = min(slice_seconds, max(0.0, renew_at - self._clock.boot()))
        pushed = self._wait(min(wait, self._until_settled()))
        if self._stopping.is_set():
            return renew_at
        if (pushed and self._pushed(pushed)) or self._clock.boot() >= renew_at:
            self._follower.sample()
            self.renew()
            renew_at = self._clock.boot() + self._pause()
        self._settle()
        self._notice_lapse()
        self._tick()
        return renew_at

    def _until_settled(self) -> float:
        """Seconds until it is worth another look whether this epoch can be acknowledged."""
        if self._acknowledged or self._epoch < 0:
            return _SLICE_SECONDS
        return max(_SETTLE_SECONDS, self._settled_at - self._clock.boot())

    def _tick(self) -> None:
        """While closed: let the follower do its part, and pass on at once what has changed."""
        state = self._runtime.belief.state
        if state is None or self._gate is Gate.OPEN or not self._acknowledged:
            return
        if not self._follower.tick(state):
            return
        try:
            self._plane.acknowledge(self.card.agent_id, self._epoch, self._follower.report())
        except StoreError as error:
            log.debug("the next renewal carries the report: %s", error)

    def _pause(self) -> float:
        spread = self._lease.jitter * self._lease.renew
        return self._lease.renew + _DICE.uniform(-spread, spread)

    def _wait(self, seconds: float) -> str | None:
        try:
            return self._wake_up.wait(seconds)
        except StoreError:
            self._stopping.wait(seconds)  # no pub/sub: the renewals alone carry the news
            return None

    def _pushed(self, record: str) -> bool:
        """Take a pushed record; true when the agent must ask instead of believing it."""
        try:
            state = read_record(record, self._secret)
        except StateInvalid as error:
            log.warning("a pushed guard record is not believed: %s", error)
            return False
        known = self._runtime.belief.state
        if known is None or state.store_id != known.store_id or state.epoch <= known.epoch:
            return known is None
        if state.gate in {Gate.OPEN, Gate.TEST}:
            return True
        with self._renewing:
            self._adopt(state, self._runtime.belief.trusted_until)
        return False

    def _settle(self) -> None:
        """Acknowledge the epoch, once the gate is closed for every child."""
        if self._acknowledged or self._epoch < 0 or self._clock.boot() < self._settled_at:
            return
        if not self._follower.is_quiet():
            # A child is between look and start, usually for microseconds. One that is frozen there
            # keeps this worker unconfirmed, and is not worth a busy loop.
            self._settled_at = self._clock.boot() + min(
                0.05, self._clock.boot() - self._settled_at + _SETTLE_SECONDS
            )
            return
        try:
            taken = self._plane.acknowledge(self.card.agent_id, self._epoch, self._follower.report())
        except StoreError as error:
            self._settled_at = self._clock.boot() + _SLICE_SECONDS
            log.debug("could not acknowledge epoch %d: %s", self._epoch, error)
            return
        self._acknowledged = taken
        if taken:
            self._announce(
                EventName.GATE_ACKNOWLEDGED,
                **self._runtime.where(),
                gate=self._gate.name.lower(),
                worker=self.card.node,
            )
        if not taken:  # another epoch by now, or the server has forgotten us: the next renewal tells
            self._settled_at = self._clock.boot() + _SLICE_SECONDS

    def _notice_lapse(self) -> None:
        """Trust has run out, or this machine was closed or opened by its operator."""
        belief = self._runtime.belief
        lapsed = self._clock.boot() >= belief.trusted_until
        closed_here = bool(self.card.problem) or self._local_close.exists()
        if closed_here != belief.closed_here and belief.state is not None:
            log.warning(
                "this machine is %s",
                "closed by its operator" if closed_here else "no longer closed by its operator",
            )
            with self._renewing:
                self._adopt(belief.state, belief.trusted_until)
        if lapsed and self._gate is not Gate.UNKNOWN:
            self._gate = Gate.UNKNOWN
            self._follower.gate_is(Gate.UNKNOWN)

    def _flush_counts(self) -> None:
        self._sums.send()
        if not self.problem:  # that the control plane fails is counted too, and each try is one more wait
            self._figure_sums.send()
