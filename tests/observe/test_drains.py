"""What is told of a drain that does not end: once for each thing and each deadline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.plan import plan
from guard.core.roll import RollEntry
from guard.core.roster import Barrier
from guard.core.state import GuardState
from guard.core.stuck import PATIENCE_SECONDS
from guard.orchestrator.advancing import Advancing, Progress
from guard.orchestrator.draining import Draining

if TYPE_CHECKING:
    from guard.core.named_events import EventName

NOW = 1_700_000_000.0


class World:
    """A clock and stores; also the listener."""

    def __init__(self) -> None:
        self.now = NOW
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.silent: list[str] = []

    def announce(self, name: EventName, /, **fields: Any) -> None:
        self.told.append((name.value, fields))

    def wall(self) -> float:
        return self.now

    def boot(self) -> float:
        return self.now

    def roster(self) -> list[Any]:
        return []

    def barrier(self) -> Barrier:
        return Barrier(epoch=2, pending=0, registry_age=100.0, server="one")

    def enrol(self, *_: Any) -> None:
        """Nobody to enrol."""

    def settled_roll(self, *_: Any) -> tuple[tuple[RollEntry, ...], frozenset[str]]:
        rolled = [
            RollEntry(agent_id=node, node=node, host="here", pid=7, machine="", page="")
            for node in self.silent
        ]
        return tuple(rolled), frozenset()

    def steps(self, _window_id: str) -> list[Any]:
        return []


@pytest.fixture
def world() -> World:
    return World()


def draining_state(**more: Any) -> GuardState:
    wants = WindowRequest.check(
        mode="normal", reason="a", duration=600, by="ops", sessions="keep", **more
    )
    closed = changes.close(GuardState.first("s", NOW), wants, window_id="w-1", now=NOW)
    return changes.confirm(closed, now=NOW)


def make_draining(world: World) -> Draining:
    doer: Any = world
    return Draining(
        durable=doer,
        plane=doer,
        clock=doer,
        lease=5.0,
        fates=doer,
        finishing=lambda: doer,
        announce=world.announce,
    )


def test_a_stuck_drain_is_told_of_once_for_each_thing(world: World) -> None:
    draining, state = make_draining(world), draining_state()
    world.silent = ["w1"]
    draining.view(state)
    assert world.told == [], "not at once"
    world.now += PATIENCE_SECONDS
    for _ in range(3):
        draining.view(state)
    ((name, fields),) = world.told
    assert (name, fields["window_id"], fields["epoch"]) == ("drain.stuck", "w-1", 2)
    assert fields["blockers"] == ["worker w1 (pid 7 on here): does not answer"]
    world.silent = ["w1", "w2"]
    draining.view(state)
    assert len(world.told) == 2
    assert len(world.told[1][1]["blockers"]) == 2
    world.silent = ["w2"]
    draining.view(state)
    assert len(world.told) == 2, "less is no news"
    draining.view(replace(state, window_id="w-2"))
    assert len(world.told) == 3, "another window"


def test_a_missed_deadline_is_told_of_once(world: World) -> None:
    doer: Any = world
    advancing = Advancing(
        changes=doer,
        closing=doer,
        draining=doer,
        release=lambda: None,
        listen=lambda: doer,
        clock=doer,
        begin_books=lambda _: None,
        remember=lambda *_: None,
        announce=world.announce,
    )
    state = draining_state(drain_within=60, at_deadline="wait")

    def look() -> None:
        advancing._perform(Progress(state=state, act=plan(state, None, world.now)))

    look()
    assert world.told == []
    world.now += 60
    look()
    look()
    assert world.told == [
        ("drain.deadline_missed", {"window_id": "w-1", "epoch": 2, "policy": "wait"})
    ]
