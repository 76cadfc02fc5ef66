"""Opening waits until all have heard, and no longer than a lease; closing ends whoever writes beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.lease import LeaseTimes
from guard.errors import StoreError
from guard.orchestrator.changes import Changes
from guard.orchestrator.closing import Closing
from guard.store.memory import MemoryControlPlane, MemoryDurableStore
from tests.contracts.doers import CARD, REPORT, START, STORE_ID, HandClock, closed, first

if TYPE_CHECKING:
    from collections.abc import Callable

LEASE = LeaseTimes()


class Ear:
    """What is heard on the channel; here it is the agent that acts while somebody waits."""

    def __init__(self, clock: HandClock, happens: Callable[[], None]) -> None:
        self._clock = clock
        self._happens = happens

    def wait(self, seconds: float) -> str | None:
        self._clock.sleep(seconds)
        self._happens()
        return None

    def close(self) -> None:
        """Nothing is open."""


class Fleet:
    """One agent that acknowledges the epoch after so many seconds."""

    def __init__(self, *, after: float, opened_ago: float = 0.0) -> None:
        self.clock = HandClock()
        self.plane = MemoryControlPlane(self.clock)
        self.plane.publish(first())
        self.plane.renew(CARD, REPORT, register=True)
        self.plane.publish(replace(first(), epoch=1, changed_at=self.clock.wall() - opened_ago))
        self.begun = self.clock.now
        self._at = self.begun + after

    def acknowledge(self) -> None:
        self.plane.renew(CARD, REPORT, register=False)
        if self.clock.now >= self._at:
            self.plane.acknowledge(CARD.agent_id, self.plane.read().epoch, REPORT)

    def wait(self) -> float:
        durable = MemoryDurableStore(store_id=STORE_ID, now=START)
        closing = Closing(
            changes=Changes(durable=durable, plane=self.plane, clock=self.clock),
            clock=self.clock,
            lease=LEASE,
            listen=lambda: Ear(self.clock, self.acknowledge),
        )
        closing.wait_until_opened()
        return self.clock.now - self.begun


def test_it_returns_as_soon_as_everybody_has_heard_however_young_the_registry() -> None:
    assert 0.3 <= Fleet(after=0.3).wait() < 0.5


@pytest.mark.parametrize("ago", [0.0, 2.0, -3600.0])
def test_who_is_silent_is_waited_for_one_lease_after_the_opening_at_most(ago: float) -> None:
    assert Fleet(after=1_000, opened_ago=ago).wait() == pytest.approx(LEASE.lease - max(ago, 0.0), abs=0.2)


def test_nobody_is_waited_for_when_it_was_opened_long_ago() -> None:
    assert Fleet(after=1_000, opened_ago=60).wait() == 0


def test_nobody_waits_at_a_closed_gate() -> None:
    fleet = Fleet(after=1_000)
    fleet.plane.publish(replace(closed(first()), epoch=2, changed_at=fleet.clock.wall()))
    assert fleet.wait() == 0


def test_without_a_control_plane_it_is_said() -> None:
    fleet = Fleet(after=0)
    fleet.plane.forget()
    with pytest.raises(StoreError):
        fleet.wait()


# Found by the simulator: Redis lost everything, and a worker that had just been told "open" stood still, so
# that it did not register again. `enable()` returned after five seconds of its own; of the worker's, whose
# clock was slow, a few milliseconds were left in which a job could have started.
def test_a_registry_is_whole_when_nobody_believes_what_was_said_before_it() -> None:
    clock = HandClock()
    plane = MemoryControlPlane(clock)
    plane.publish(first())
    clock.sleep(LEASE.lease + 0.01)
    durable = MemoryDurableStore(store_id=STORE_ID, now=START)
    closing = Closing(
        changes=Changes(durable=durable, plane=plane, clock=clock),
        clock=clock,
        lease=LEASE,
        listen=lambda: Ear(clock, lambda: None),
    )
    done = closing.announce_and_wait(closed(first()))
    assert done.proof == "acknowledged"
    assert plane.barrier().registry_age > LEASE.barrier


def test_what_is_to_be_done_meanwhile_is_done_once_when_all_were_told_and_nobody_was_waited_for() -> None:
    clock = HandClock()
    plane = MemoryControlPlane(clock)
    plane.publish(first())
    plane.renew(CARD, None, register=True)
    durable = MemoryDurableStore(store_id=STORE_ID, now=START)
    state, begun = closed(first()), clock.now
    said: list[tuple[float, int]] = []

    def lose_it_once() -> None:
        if clock.now - begun < 1.0:
            plane.overwrite(first())

    Closing(
        changes=Changes(durable=durable, plane=plane, clock=clock),
        clock=clock,
        lease=LEASE,
        listen=lambda: Ear(clock, lose_it_once),
    ).announce_and_wait(state, lambda: said.append((clock.now - begun, plane.read().epoch)))
    assert said == [(0.0, state.epoch)]


# Once a bug: while somebody with access to Redis kept putting an older record back, `enable()` wrote its own
# again and again and never returned.
def test_closing_ends_although_somebody_keeps_writing_an_older_state() -> None:
    clock = HandClock()
    plane = MemoryControlPlane(clock)
    plane.publish(first())
    plane.renew(CARD, None, register=True)
    durable = MemoryDurableStore(store_id=STORE_ID, now=START)
    closing = Closing(
        changes=Changes(durable=durable, plane=plane, clock=clock),
        clock=clock,
        lease=LEASE,
        listen=lambda: Ear(clock, lambda: plane.overwrite(first())),
    )
    done = closing.announce_and_wait(closed(first()))
    assert done.proof == "none"
    assert "overwritten" in done.problem
    # three tries of a barrier each, and then the time in which all agents have asked the durable store
    assert done.took == pytest.approx(4 * LEASE.barrier + 5, abs=1)
