"""What an agent may not believe: narrow ways to an open gate that the model found (docs/model/barrier.pml),
and what it must not keep to itself.

Each needs that something happens within one renewal, so here a control plane, a witness and a page play it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.agent import witness as witnesses
from guard.agent.agent import Agent
from guard.agent.follower import ProducerFollower
from guard.core.agents import AgentCard
from guard.core.lease import LeaseTimes
from guard.core.modes import Gate, Mode, Phase
from guard.core.named_events import not_announced
from guard.core.state import GuardState
from guard.errors import StateMissing
from guard.gates.runtime import Runtime
from guard.store.memory import MemoryControlPlane
from guard.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

CARD = AgentCard(agent_id="a-1", role="worker", node="w1@here", host="here", pid=1)


class Witness:
    """Answers when the test says so."""

    problem = ""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.latest: witnesses.Testimony | None = None

    def answers(self, state: GuardState) -> None:
        """It was asked now, and this is what the durable store said."""
        self.latest = witnesses.Testimony(state, self._clock.boot())

    def asked_since(self, moment: float, *, within: float) -> witnesses.Testimony | None:
        del within
        return self.latest if self.latest is not None and self.latest.asked_at >= moment else None

    def call(self) -> None:
        """It will be asked."""


class Plane(MemoryControlPlane):
    """Something happens between the sending of a renewal and its answer."""

    meanwhile: Callable[[], None] | None = None

    def renew(self, *args: Any, **options: Any) -> Any:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().renew(*args, **options)


class Page:
    """A write of the word takes its time: the thread is frozen before it."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.takes = 1.0
        """Seconds."""
        self.says: Gate | None = None

    def write(self, gate: Gate, *_word: Any, **_rest: Any) -> None:
        self._clock.advance(self.takes)
        self.says = gate


class Nothing:
    """Takes whatever it is told."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


class House:
    """An agent, and what it asks."""

    def __init__(self, page: Page | None = None, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.before = GuardState.first("store-1", self.clock.wall())
        self.plane, self.witness = Plane(self.clock), Witness(self.clock)
        self.plane.publish(self.before)
        nothing: Any = Nothing()
        self.runtime = Runtime(ensure_agent=lambda: None, count_at_once=nothing.count)
        parts: dict[str, Any] = {"plane": self.plane, "witness": self.witness, "page": page}
        self.agent = Agent(
            card=CARD,
            runtime=self.runtime,
            wake_up=nothing,
            tally=nothing,
            figures=nothing,
            lease=LeaseTimes(),
            clock=self.clock,
            follower=ProducerFollower(),
            local_close=Path("/dev/null/closed"),
            secret=None,
            announce=not_announced,
            **parts,
        )

    def comes_to_believe(self) -> None:
        """Connect, be certified, believe."""
        self.agent.renew()
        self.witness.answers(self.before)
        self.agent.renew()

    @property
    def believes(self) -> bool:
        return self.clock.boot() < self.runtime.belief.trusted_until


@pytest.fixture
def house() -> House:
    return House()


def test_an_answer_that_is_older_than_a_new_connections_reply_is_no_witness(house: House) -> None:
    """SQL answers after the renewal was sent; then a window begins; then the primary changes to
    one that never saw it; then the renewal reaches that one."""

    def meanwhile() -> None:
        house.clock.advance(0.1)
        house.witness.answers(house.before)
        house.clock.advance(0.1)
        house.plane.connections += 1

    house.plane.meanwhile = meanwhile
    house.agent.renew()
    assert not house.believes
    assert "no answer of the durable store yet" in house.agent.problem

    house.clock.advance(0.1)
    house.witness.answers(house.before)
    house.agent.renew()
    assert house.believes


def test_who_writes_the_state_again_does_not_believe_it_for_that(house: House) -> None:
    """It may have been frozen since SQL answered, and have written an epoch that is over."""
    house.plane.forget()
    house.plane.meanwhile = lambda: house.clock.advance(0.1)
    house.agent.renew()
    house.witness.answers(house.before)
    house.clock.advance(0.1)
    house.agent.renew()
    assert house.plane.read() == house.before
    assert not house.believes

    house.witness.answers(house.before)
    house.agent.renew()
    assert house.believes


def test_the_fence_begins_after_the_word_was_written() -> None:
    clock = FakeClock()
    house = House(Page(clock), clock)
    house.agent.renew()
    house.witness.answers(house.before)
    house.agent.follow()
    assert house.believes
    barrier = house.plane.barrier
    house.plane.overwrite(house.before)
    assert barrier().pending == 1  # a child's announcement may not be seen yet
    house.agent.follow()
    clock.advance(0.1)
    house.agent.follow()
    assert barrier().pending == 0


# Once a bug: the agent looked before it wrote whether trust had run out. If it did while it wrote, and the
# consumer came back from the broker in that moment, the queues were cordoned, and stayed so: the gate
# was as open as before. Found by the simulator.
@pytest.mark.parametrize(("takes", "heard"), [(0.1, []), (0.5, [Gate.OPEN])])
def test_the_main_loop_hears_of_a_gate_whose_trust_ran_out_before_the_word_was_written(
    monkeypatch: pytest.MonkeyPatch, takes: float, heard: list[Gate]
) -> None:
    clock = FakeClock()
    page = Page(clock)
    page.takes = 0.0
    house = House(page, clock)
    house.comes_to_believe()
    told: list[Gate] = []
    monkeypatch.setattr(house.agent._follower, "gate_is", told.append)
    clock.advance(house.runtime.belief.trusted_until - clock.boot() - 0.3)
    page.takes = takes
    house.agent.renew()
    assert house.believes
    assert told == heard


# Once a bug: it left the registry, so that `enable()` did not wait for it, and its page said "open" until its
# deadline. Found by the simulator.
def test_who_leaves_has_closed_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    page = Page(clock)
    house = House(page, clock)
    house.comes_to_believe()
    assert (page.says, house.believes) == (Gate.OPEN, True)
    seen: list[Gate | None] = []
    monkeypatch.setattr(house.plane, "leave", lambda _: seen.append(page.says))
    house.witness.stop = lambda: None  # type: ignore[attr-defined]
    house.agent.stop()
    assert (seen, house.believes) == ([Gate.UNKNOWN], False)
    house.agent.renew()  # an answer that came too late
    assert (page.says, house.believes) == (Gate.UNKNOWN, False)


def test_an_emergency_that_both_stores_have_lost_is_written_again(house: House) -> None:
    """It was begun while SQL was away; before SQL could be told, Redis lost its last write. Found by the
    simulator: who had heard of it stayed closed for good, everybody else was open, and nobody was told."""
    house.agent.renew()
    house.witness.answers(house.before)
    house.agent.renew()
    emergency = replace(
        house.before, epoch=1000, phase=Phase.CLOSING, mode=Mode.EMERGENCY, window_id="w-1", reason="fire"
    )
    house.plane.publish(emergency)
    house.agent.renew()
    assert house.runtime.belief.state == emergency

    house.plane.overwrite(house.before)
    house.agent.renew()
    assert house.plane.read() == emergency
    assert "not believed" in house.agent.problem
    house.clock.advance(1.0)
    house.witness.answers(house.before)
    house.agent.renew()
    assert house.believes
    assert house.runtime.belief.state == emergency


def test_an_emergency_that_an_emptied_redis_and_sql_lack_is_what_is_written(house: House) -> None:
    """Redis has restarted empty before SQL, which was away, could be told. Found by the simulator: who knew
    of the emergency wrote what SQL said, and a worker that started then opened."""
    house.agent.renew()
    house.witness.answers(house.before)
    house.agent.renew()
    emergency = replace(
        house.before, epoch=1000, phase=Phase.CLOSING, mode=Mode.EMERGENCY, window_id="w-1", reason="fire"
    )
    house.plane.publish(emergency)
    house.agent.renew()
    assert house.runtime.belief.state == emergency

    house.plane.forget()
    house.agent.renew()  # sees the loss, calls the witness
    house.clock.advance(1.0)
    house.witness.answers(house.before)
    house.agent.renew()
    assert house.plane.read() == emergency


@pytest.fixture
def knows(house: House) -> GuardState:
    """An emergency that the house knows, and SQL does not."""
    house.comes_to_believe()
    emergency = replace(
        house.before, epoch=1000, phase=Phase.CLOSING, mode=Mode.EMERGENCY, window_id="w-1", reason="fire"
    )
    house.plane.publish(emergency)
    house.agent.renew()
    assert house.runtime.belief.state == emergency
    return emergency


def test_what_both_stores_lack_is_written_at_the_first_renewal_while_sql_is_away(
    house: House, knows: GuardState
) -> None:
    """Found by the simulator: who knew of the emergency waited for SQL before it wrote to the emptied Redis.
    SQL came back, and a worker that started just then was the first to ask both stores."""
    house.plane.forget()
    house.agent.renew()
    assert house.plane.read() == knows


def test_what_both_stores_lack_is_written_before_a_new_connection_is_certified(
    house: House, knows: GuardState
) -> None:
    """A replica took over that had not been told of the emergency."""
    house.plane.overwrite(house.before)
    house.plane.connections += 1
    house.agent.renew()
    assert house.plane.read() == knows


@pytest.mark.parametrize("emptied", [True, False])
def test_who_wrote_what_was_lost_asks_sql_before_it_believes_that(
    house: House, knows: GuardState, emptied: bool
) -> None:
    """More may have happened since: then that is written over it."""
    if emptied:
        house.plane.forget()
    else:
        house.plane.overwrite(house.before)
    house.agent.renew()
    trusted_until = house.runtime.belief.trusted_until
    house.clock.advance(0.1)
    house.agent.renew()
    assert house.runtime.belief.trusted_until == trusted_until
    over = replace(knows, epoch=1002, phase=Phase.INACTIVE, mode=None)
    house.witness.answers(over)
    house.agent.renew()
    assert house.plane.read() == house.runtime.belief.state == over


def test_what_sql_is_known_to_have_waits_for_sql(house: House, knows: GuardState) -> None:
    """It may have gone further by now."""
    house.witness.answers(knows)
    house.plane.forget()
    house.agent.renew()
    with pytest.raises(StateMissing):
        house.plane.read()


@pytest.mark.parametrize("of_sql", [True, False])
def test_a_state_of_another_installation_is_left_alone(house: House, knows: GuardState, of_sql: bool) -> None:
    foreign = replace(house.before, store_id="store-2")
    if of_sql:
        house.witness.answers(foreign)
    else:
        house.plane.overwrite(foreign)
    before = house.plane.read()
    house.agent.renew()
    assert house.plane.read() == before
    assert "of another installation" in house.agent.problem


def test_an_open_state_that_both_stores_have_lost_is_not_written_again(house: House) -> None:
    """A window may have begun since, in a database that was restored from a copy."""
    house.agent.renew()
    house.witness.answers(house.before)
    later = replace(house.before, epoch=7)
    house.plane.publish(later)
    house.agent.renew()
    assert house.runtime.belief.state == later

    house.plane.overwrite(house.before)
    house.agent.renew()
    assert house.plane.read() == house.before
    assert "not believed" in house.agent.problem
