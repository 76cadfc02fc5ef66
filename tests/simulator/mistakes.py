"""Deliberate mistakes, one at a time: each must be found. That the judge can fail is shown by these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import guard.agent.agent
import guard.core.ladder
import guard.gates.start
import guard.orchestrator.conductor
import guard.orchestrator.draining
import guard.orchestrator.window_seen
import guard.worker.ladder
from guard.agent.agent import Agent
from guard.core.agents import AgentReport
from guard.core.drain import view_drain
from guard.core.ladder import Report, next_step
from guard.core.lease import LeaseTimes
from guard.errors import StateMissing, StoreError
from guard.fleet import parked_queue
from guard.gates.copies import Copies, Second
from guard.gates.receipt import ReceiptGate
from guard.gates.runtime import Belief
from guard.orchestrator.closing import Closing
from guard.worker.climber import Climber
from tests.simulator.emergency import Signals
from tests.simulator.hub import hub
from tests.simulator.parts import Parts
from tests.simulator.stand_ins import hiccup
from tests.simulator.stores import Plane
from tests.simulator.worker import Follower

if TYPE_CHECKING:
    from guard.core.drain import DrainFacts, DrainView
    from guard.core.state import GuardState

__all__ = ["MISTAKES", "NOT_FOUND", "Mistake"]


class _TrustFromTheReply(LeaseTimes):
    __slots__ = ()

    def trusted_until(self, sent_at: float) -> float:
        return hub().boot() + self.lease


class _HalfABarrier(LeaseTimes):
    __slots__ = ()

    @property
    def barrier(self) -> float:
        return self.lease / 2


class _OneConnection(Plane):
    """Never says that it has connected anew."""

    @property
    def connections(self) -> int:
        return 1


class _CertifiedFromTheSend(Agent):
    def _renew(self, patience: float) -> str:
        sent = self._clock.boot()
        try:
            renewal = self._plane.renew(self.card, self._report(), register=not self._told_card)
        except StateMissing as error:
            return self._restored(patience) or str(error)
        except StoreError as error:
            return str(error)
        self._missing_since = 0.0
        self._told_card = True
        if self._plane.connections != self._connections:
            self._connections = self._plane.connections
            self._certify_after = sent
        return self._consider(renewal.state, sent, patience)


class _BelievesItsOwnRepair(Agent):
    def _consider(self, state: GuardState, sent: float, patience: float) -> str:
        if self._certify_after > sent:
            self._certify_after = sent - 1.0
        return super()._consider(state, sent, patience)


class _AcceptsASmallerEpoch(Agent):
    def _consider(self, state: GuardState, sent: float, patience: float) -> str:
        belief = self._runtime.belief
        self._runtime.belief = Belief(None, belief.trusted_until, belief.closed_here)
        problem = super()._consider(state, sent, patience)
        if self._runtime.belief.state is None:
            self._runtime.belief = belief
        return problem


class _LeavesTheStoresBehind(Agent):
    def _repair(self, state: GuardState) -> None:
        latest = self._witness.latest
        if (
            latest is not None and state == latest.state
        ):  # what a store says is written, what none says is not
            super()._repair(state)


class _SignalsWithoutALook(Signals):
    """Asks before the child stands still."""

    def signal_if(self, number: int, is_meant: Any) -> bool | None:
        if self.is_gone() or not is_meant():
            return False
        self.pass_a_moment()
        if self.is_gone():
            return None
        self.send(number)
        return True


class _BelievesItsSignals(Climber):
    """What was sent a signal counts as gone."""

    def look(self, slot: Any, **known: Any) -> Any:
        if self.signalled and self.report is None:
            self.report = Report.LOST
        return super().look(slot, **known)


def _signals_at_half_time(climb: Any, now: float) -> Any:
    return next_step(replace(climb, grace=climb.grace / 2), now)


class _AlwaysQuiet(Follower):
    def is_quiet(self) -> bool:
        return True


class _AcknowledgesFirst(ReceiptGate):
    def _park(self, message: Any, *, done: Any) -> None:
        done()
        super()._park(message, done=lambda: None)


class _RunsEveryCopy(Copies):
    def judge(self, message: Any) -> Second:
        return Second.RUN


class _BelievesAYoungRegistry(Closing):
    def _wait(self, epoch: int, written: float, barrier: float, ear: Any, *, whole_after: float) -> Any:
        return super()._wait(epoch, written, barrier, ear, whole_after=-1.0)


def _acknowledges_before_it_publishes(self: Any, message: Any, ruling: Any) -> bool:
    message.raw.ack()
    headers = parked_queue._new_headers(message.raw.headers, message.job, ruling)
    self._broker.connection.Producer(serializer=None).publish(
        message.raw.body, routing_key=message.job.queue, headers=headers
    )
    return True


def _never_over(_clock: int = 0) -> int:
    hiccup("clock")
    hub().process.looked = hub().now
    hiccup("decided")
    return int((hub().boot() - 900.0) * 1_000_000_000)


def _silence_is_zero(facts: DrainFacts) -> DrainView:
    heard = tuple(worker for worker in facts.workers or () if worker.seen_seconds_ago <= facts.lease)
    return view_drain(replace(facts, workers=heard, roll=()))


def _running_is_nothing(facts: DrainFacts) -> DrainView:
    workers = tuple(replace(worker, report=AgentReport()) for worker in facts.workers or ())
    return view_drain(replace(facts, workers=workers))


def _a_young_registry_is_whole(facts: DrainFacts) -> DrainView:
    return view_drain(replace(facts, registry_age=3600.0))


def _enrols_nobody(_durable: Any, _window_id: str, _workers: Any) -> None:
    """As before decision D154."""


def _nothing_said_is_nothing_runs(workers: Any, _epoch: int) -> Any:
    return tuple(
        guard.orchestrator.window_seen.Running(task_id=job.task_id, task="", worker="", since=0.0)
        for entry in workers
        if entry.report is not None
        for job in entry.report.running
    )


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake, in how many schedules from `first` it must be found, and by which promise. `slow`: more of
    them than CI has time for."""

    parts: Parts
    within: int
    promise: str
    first: int = 0
    slow: bool = False


MISTAKES: dict[str, Mistake] = {
    "trust is counted from the reply": Mistake(
        parts=Parts(lease=_TrustFromTheReply()), within=50, promise="P7"
    ),
    "a child does not look at the deadline": Mistake(
        parts=Parts(patch=((guard.gates.start, "clock_gettime_ns", _never_over),)), within=400, promise="P7"
    ),
    "the barrier is half a lease": Mistake(parts=Parts(lease=_HalfABarrier()), within=200, promise="P1"),
    "acknowledged while a child is between look and start": Mistake(
        parts=Parts(follower=_AlwaysQuiet, theme="race"), within=400, promise="P1"
    ),
    "a registry that may have gaps is believed": Mistake(
        parts=Parts(closing=_BelievesAYoungRegistry), within=400, promise="P1"
    ),
    "acknowledged before its copy is confirmed": Mistake(
        parts=Parts(receipt_gate=_AcknowledgesFirst, theme="parking", deeds=("kill",)),
        within=100,
        promise="P2",
    ),
    "the release acknowledges before it publishes": Mistake(
        parts=Parts(
            patch=((parked_queue._AmqpParkedQueue, "give_back", _acknowledges_before_it_publishes),),
            theme="releasing",
            deeds=("kill", "cut"),
        ),
        within=600,
        promise="P2",
    ),
    "every copy runs": Mistake(
        parts=Parts(copies=_RunsEveryCopy, theme="parking", deeds=("kill",)), within=200, promise="P2"
    ),
    "a job that runs does not hold up the drain": Mistake(
        parts=Parts(patch=((guard.orchestrator.draining, "view_drain", _running_is_nothing),)),
        within=200,
        promise="P4",
    ),
    "SIGKILL with SIGTERM": Mistake(
        parts=Parts(patch=((guard.core.ladder, "KILL_AFTER", 0.0),)), within=200, promise="P5"
    ),
    "signals after half the grace": Mistake(
        parts=Parts(patch=((guard.worker.ladder, "next_step", _signals_at_half_time),)),
        within=200,
        promise="P5",
    ),
    "an outcome is recorded before the end is proven": Mistake(
        parts=Parts(patch=((guard.worker.ladder, "Climber", _BelievesItsSignals),)), within=200, promise="P5"
    ),
    "a signal is sent without a look at a child that stands still": Mistake(
        parts=Parts(signals=_SignalsWithoutALook), within=4_000, promise="P5", slow=True
    ),
    "a silent worker counts as drained": Mistake(
        parts=Parts(patch=((guard.orchestrator.draining, "view_drain", _silence_is_zero),)),
        first=4_000,  # rare: who is silent must be so for a lease, and run a job, in a window that lasts
        within=100,
        promise="P4",
    ),
}
"""Found within so many schedules; those with a theme, within so many of that theme."""

NOT_FOUND: dict[str, Parts] = {
    "a registry that was just lost is believed by the drain (D180)": Parts(
        patch=((guard.orchestrator.draining, "view_drain", _a_young_registry_is_whole),), theme="losing"
    ),
    "what both stores have lost is not written again (D152)": Parts(agent=_LeavesTheStoresBehind),
    "nothing said is nothing runs (D153)": Parts(
        patch=((guard.orchestrator.window_seen, "_running", _nothing_said_is_nothing_runs),)
    ),
    "who is there when the gates close is not on the roll (D154)": Parts(
        patch=((guard.orchestrator.conductor, "enrol", _enrols_nobody),)
    ),
    "no certification after a new connection": Parts(plane=_OneConnection),
    "certified from the send (D150)": Parts(agent=_CertifiedFromTheSend),
    "who writes the state again believes it (D150)": Parts(agent=_BelievesItsOwnRepair),
    "a smaller epoch is accepted": Parts(agent=_AcceptsASmallerEpoch),
    "no fence": Parts(patch=((guard.agent.agent, "FENCE_SECONDS", 0.0),), theme="race"),
}
"""Looked for and not found: each needs several misfortunes within one renewal, or is made up for by another
rule (docs/simulator.md says in how many schedules)."""
