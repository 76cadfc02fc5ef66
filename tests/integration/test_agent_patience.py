"""An agent that cannot acknowledge does not spin: it looks again a few times a second."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.agent.agent import Agent
from guard.agent.follower import ProducerFollower
from guard.core.lease import LeaseTimes
from guard.core.named_events import not_announced
from guard.errors import StoreUnavailable
from guard.gates.runtime import Runtime
from guard.store.memory import MemoryControlPlane
from tests.integration.test_agent_beliefs import CARD, House, Nothing

if TYPE_CHECKING:
    from guard.core.agents import AgentReport
    from guard.testing import FakeClock

_SECONDS = 10.0


class Plane(MemoryControlPlane):
    """Renews; takes no acknowledgement."""

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> bool:
        del agent_id, epoch, report
        raise StoreUnavailable("no answer")


class Ear:
    """Time goes on while somebody listens. After ten seconds all has been heard."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._until = clock.boot() + _SECONDS
        self.waits = 0
        self.over = threading.Event()

    def wait(self, seconds: float) -> None:
        self.waits += not self.over.is_set()  # a busy machine lets the agent go on before the test does
        self._clock.advance(seconds)
        if self._clock.boot() >= self._until:
            self.over.set()

    def close(self) -> None:
        """Nothing to close."""


def test_who_cannot_acknowledge_waits_before_it_tries_again() -> None:
    house = House()
    ear, nothing = Ear(house.clock), Nothing()
    plane = Plane(house.clock)
    plane.publish(house.before)
    house.witness.answers(house.before)
    parts: dict[str, Any] = {"plane": plane, "witness": house.witness, "page": None, "wake_up": ear}
    agent = Agent(
        card=CARD,
        runtime=Runtime(ensure_agent=lambda: None, count_at_once=nothing.count),
        tally=nothing,
        figures=nothing,
        lease=LeaseTimes(),
        clock=house.clock,
        follower=ProducerFollower(),
        local_close=Path("/dev/null/closed"),
        secret=None,
        announce=not_announced,
        **parts,
    )
    house.witness.start = house.witness.stop = lambda: None  # type: ignore[attr-defined]
    agent.start()
    try:
        assert ear.over.wait(20)
        waits = ear.waits
    finally:
        agent.stop()
    assert waits <= 250, f"{waits} turns in ten seconds"
