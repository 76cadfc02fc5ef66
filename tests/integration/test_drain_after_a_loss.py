"""A drain does not believe a registry that was just lost: live workers are missing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core import changes
from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.changes import WindowRequest
from guard.core.named_events import not_announced
from guard.errors import StateMissing, StoreUnavailable
from guard.orchestrator.draining import Draining
from guard.orchestrator.fates import Fates
from guard.store.memory import MemoryControlPlane, MemoryDurableStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.drain import DrainView
    from guard.core.roster import RosterEntry

LEASE = 5.0
CARD = AgentCard(agent_id="a-1", role="worker", node="w1@here", host="here", pid=1)
BUSY = AgentReport(running=(RunningJob(task_id="t-1", task="shop.job", since=0.0),))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def boot(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now


class Plane(MemoryControlPlane):
    """Has something happen right after a question for the workers."""

    after_roster: Callable[[], object] = staticmethod(lambda: None)

    def roster(self) -> list[RosterEntry]:
        answer = super().roster()
        self.after_roster()
        return answer


class Site:
    """A window that drains while a job runs on the only worker. Nobody has put that on the roll."""

    def __init__(self) -> None:
        self.clock = Clock()
        clock: Any = self.clock
        self.durable = MemoryDurableStore(store_id="s", now=clock.now)
        self.plane = Plane(clock)
        first = self.durable.read()
        wants = WindowRequest.check(mode="normal", reason="r", duration=60, by="ops")
        closing = changes.close(first, wants, window_id="w-1", now=clock.now)
        self.state = changes.confirm(closing, now=clock.now)
        record: Any = None
        self.durable.change(first.epoch, closing, record)
        self.durable.change(closing.epoch, self.state, record)
        self.plane.publish(self.state)
        self.worker_renews()
        clock.now += LEASE + 1
        durable: Any = self.durable
        self.draining = Draining(
            durable=durable,
            plane=self.plane,
            clock=clock,
            lease=LEASE,
            fates=Fates(
                durable=durable,
                plane=self.plane,
                clock=clock,
                lease=LEASE,
                is_gone=lambda _entry: None,
                redelivery=lambda: pytest.fail("nobody is gone"),
                announce=not_announced,
            ),
            finishing=_NoSteps,
            announce=not_announced,
        )

    def worker_renews(self, report: AgentReport = BUSY) -> None:
        self.plane.renew(CARD, None, register=True)
        self.plane.acknowledge(CARD.agent_id, self.state.epoch, report)

    def lose_everything(self) -> None:
        self.plane.forget()
        self.plane.publish(self.state)

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    def look(self) -> DrainView:
        return self.draining.view(self.state)


def _does_not_answer() -> None:
    raise StoreUnavailable("no answer")


class _NoSteps:
    def steps(self, _window_id: str) -> list[Any]:
        return []


@pytest.fixture
def site() -> Site:
    return Site()


def test_the_registry_is_lost_before_the_first_look(site: Site) -> None:
    """Found by the simulator: every worker had acknowledged, then Redis lost everything before `enable` asked
    for the workers. Nobody was registered, nobody was on the roll, and the window was called drained."""
    site.lose_everything()
    site.pass_time(LEASE)
    view = site.look()
    assert not view.drained
    assert "the registry of workers is not known to have been whole" in view.unknown[0]
    site.worker_renews()
    site.pass_time(0.1)
    view = site.look()
    assert (view.drained, view.unknown, len(view.blockers)) == (False, (), 1)
    site.worker_renews(AgentReport())
    assert site.look().drained


def test_the_registry_is_lost_between_two_looks_of_one_view(site: Site) -> None:
    """The age speaks for the registry that the workers were read from, or for a younger one."""
    site.plane.leave(CARD.agent_id)
    assert site.look().drained
    site.plane.after_roster = site.lose_everything
    assert site.look().unknown


def test_whoever_looks_stands_still_between_its_two_looks(site: Site) -> None:
    """The registry was empty when it was read, and is a lease old when its age is asked for."""
    site.lose_everything()
    site.pass_time(1.0)
    site.plane.after_roster = lambda: site.pass_time(LEASE)
    assert site.look().unknown


def test_with_no_worker_left_an_empty_control_plane_does_not_hold_up_the_drain_for_ever(site: Site) -> None:
    """All workers have stopped and Redis was restarted: nobody else writes the state again."""
    site.plane.forget()
    assert site.look().unknown
    assert site.plane.read() == site.state
    site.pass_time(LEASE + 0.1)
    assert site.look().drained


def test_it_is_left_empty_while_nobody_says_who_is_registered(site: Site) -> None:
    site.plane.forget()
    site.plane.after_roster = _does_not_answer
    assert site.look().unknown
    with pytest.raises(StateMissing):
        site.plane.read()


def test_who_is_registered_writes_the_state_itself(site: Site) -> None:
    """It may know of an emergency that the durable store was not told of."""
    site.plane.forget()
    with pytest.raises(StateMissing):
        site.plane.renew(CARD, None, register=True)
    assert site.look().unknown
    with pytest.raises(StateMissing):
        site.plane.read()
