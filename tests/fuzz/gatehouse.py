"""Up to the gate: a real agent and its page, on stores that say what a test puts there.

What is asked in the end is what a pool child asks, and what a publisher asks: may a guarded job start?
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.agent.agent import Agent
from guard.agent.follower import ProducerFollower
from guard.agent.witness import Testimony
from guard.clock import SystemClock, boot_ms
from guard.core.agents import AgentCard, Renewal
from guard.core.decision import Place, Question, decide
from guard.core.lease import LeaseTimes
from guard.core.operations import CATALOGUE, mask_of
from guard.core.word import admits
from guard.gates.page import SharedPage
from guard.gates.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.modes import Gate
    from guard.core.state import GuardState

__all__ = ["Gatehouse"]

GUARDED = CATALOGUE["job_creation"]
_MASK = mask_of(GUARDED)


class _Told:
    """A control plane, a tally and a wake-up in one: it answers what the test says, and takes everything."""

    connections = 0

    def __init__(self) -> None:
        self.read: Callable[[], GuardState] | None = None
        self.epochs: list[int] = []

    def renew(self, *_: object, **__: object) -> Renewal:
        assert self.read is not None
        return Renewal(state=self.read())

    def acknowledge(self, _agent: str, epoch: int, _report: object) -> bool:
        self.epochs.append(epoch)
        return True

    def publish(self, _state: GuardState) -> bool:
        return False

    def add(self, *_: object) -> None:
        """Taken."""


class _Sworn:
    """A witness that has just asked, and heard this."""

    problem = ""

    def __init__(self, state: GuardState) -> None:
        self.state = state
        self.latest = Testimony(state, boot_ms() / 1000)

    def asked_since(self, moment: float, *, within: float) -> Testimony:
        del within
        self.latest = Testimony(self.state, moment)
        return self.latest

    def call(self) -> None:
        """It has."""


class Gatehouse:
    """One process's gate. Made anew for each input: what it once believed is forgotten then.

    Args:
        durable: what the durable store says.
        secret: the key of this process.
    """

    page = SharedPage()

    def __init__(self, durable: GuardState, secret: bytes | None) -> None:
        self.page.words[0] = 0
        self.page.words[1] = 0
        self._told = _Told()
        told: Any = self._told
        self.runtime = Runtime(ensure_agent=lambda: None, count_at_once=lambda *_: None)
        self.runtime.is_worker = True
        self.runtime.page = self.page
        witness: Any = _Sworn(durable)
        self.agent = Agent(
            card=AgentCard(agent_id="a", role="worker", node="celery@fuzz", host="fuzz", pid=1),
            runtime=self.runtime,
            plane=told,
            witness=witness,
            wake_up=told,
            tally=told,
            figures=told,
            lease=LeaseTimes(),
            clock=SystemClock(),
            follower=ProducerFollower(),
            local_close=Path("/nonexistent/closed"),
            secret=secret,
            page=self.page,
            announce=lambda *_, **__: None,
        )

    def renew(self, read: Callable[[], GuardState]) -> None:
        """The agent asks the control plane, which reads like this."""
        self._told.read = read
        self.agent.renew()

    def push(self, record: str) -> bool:
        """Somebody sends a record on the wake-up channel. Whether the agent would ask now."""
        return self.agent._pushed(record)

    @property
    def admits(self) -> bool:
        """Whether anybody in this process lets a guarded job start."""
        now = boot_ms()
        child = admits(self.page.words[0], now, _MASK)
        belief = self.runtime.belief
        main = decide(Question(operation=GUARDED, place=Place.START), belief.view(now / 1000), 0.0).allowed
        short = now / 1000 < belief.open_until
        return child or main or short

    @property
    def gate(self) -> Gate:
        """What the page says now."""
        return self.runtime.view_of_page()
