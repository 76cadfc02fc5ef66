"""Whether a state still is the current one: only if both stores say so."""

from __future__ import annotations

from dataclasses import replace

from guard.errors import StoreUnavailable
from guard.orchestrator.changes import Changes
from guard.store.memory import MemoryControlPlane, MemoryDurableStore
from tests.contracts.doers import START, STORE_ID, HandClock, closed, first


class Stores:
    """Both hold a closed window."""

    def __init__(self) -> None:
        clock = HandClock()
        self.durable = MemoryDurableStore(store_id=STORE_ID, now=START)
        self.plane = MemoryControlPlane(clock)
        self.plane.publish(first())
        self.changes = Changes(durable=self.durable, plane=self.plane, clock=clock)
        self.state = self.changes.make("enable", "ada", lambda old, _: closed(old), {})
        self.changes.announce(self.state)

    def ended(self) -> None:
        """The window ends. Only the durable store takes it: the disk of the control plane is full, say."""
        self.changes.make("disable", "ada", lambda old, _: replace(first(), epoch=old.epoch + 1), {})


def test_a_state_that_both_stores_hold_is_current() -> None:
    stores = Stores()
    assert stores.changes.is_current(stores.state)
    assert not stores.changes.is_current(replace(stores.state, epoch=stores.state.epoch - 1))


def test_not_when_the_durable_store_has_moved_on_and_the_control_plane_has_not_heard() -> None:
    stores = Stores()
    stores.ended()
    assert stores.plane.read().epoch == stores.state.epoch
    assert not stores.changes.is_current(stores.state)


def test_not_when_the_control_plane_has_moved_on_alone() -> None:
    stores = Stores()
    stores.plane.publish(replace(stores.state, epoch=stores.state.epoch + 1))
    assert not stores.changes.is_current(stores.state)


def test_not_when_the_durable_store_does_not_say() -> None:
    stores = Stores()

    def read() -> None:
        raise StoreUnavailable("no answer")

    stores.durable.read = read  # type: ignore[assignment,method-assign]
    assert not stores.changes.is_current(stores.state)
