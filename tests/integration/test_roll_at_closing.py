"""A drain waits for every worker that was there when the gates closed, although the registry is lost. And
the report knows of them, although the durable store was away then."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.agents import AgentCard, AgentReport
from guard.core.barrier import Verdict
from guard.core.modes import Mode, Phase
from guard.core.pace import ErrorLimit
from guard.core.roll import RollEntry
from guard.core.roster import RosterEntry
from guard.core.state import GuardState
from guard.core.terms import Terms
from guard.orchestrator.closing import Closed
from guard.orchestrator.conductor import _UNJOURNALED, Conductor
from guard.store.memory import MemoryDurableStore

if TYPE_CHECKING:
    from collections.abc import Callable

CARD = AgentCard(agent_id="a-1", role="worker", node="w1@here", host="here", pid=1, queues=("mixed",))
ENTRY = RosterEntry(card=CARD, acknowledged_epoch=1, seen_seconds_ago=0.1, report=AgentReport())
CLOSED = Closed(verdict=Verdict.CONFIRMED, took=0.01)


def _state(mode: Mode) -> GuardState:
    return GuardState(
        epoch=1,
        phase=Phase.CLOSING,
        mode=mode,
        window_id="w-1",
        reason="r",
        by="b",
        started_at=0.0,
        duration=None,
        changed_at=0.0,
        store_id="s",
        terms=Terms(),
    )


def _conductor(durable: MemoryDurableStore) -> Any:
    surroundings: Any = SimpleNamespace(
        roster=lambda: [ENTRY],
        warnings=lambda _state: (),
        carries=lambda _queues: {},
        unguarded=lambda _queues, _nodes: [],
    )
    nothing: Any = None
    settings: Any = SimpleNamespace(hold_queues=(), mixed_queues=(), release_limit=ErrorLimit())
    return Conductor(
        settings=settings,
        changes=SimpleNamespace(durable=durable),  # type: ignore[arg-type]
        closing=nothing,
        surroundings=surroundings,
        releasing=nothing,
        clock=nothing,
        remember=nothing,
        announce=nothing,
    )


@pytest.mark.parametrize(
    ("mode", "problems", "on_roll"),
    [
        (Mode.NORMAL, (), ["a-1"]),
        (Mode.EMERGENCY, (), ["a-1"]),
        (Mode.EMERGENCY, (_UNJOURNALED,), []),  # the durable store has just been found away
        (Mode.TEST, (), []),  # never drains
    ],
)
def test_who_is_there_when_the_gates_close_is_on_the_roll(
    mode: Mode, problems: tuple[str, ...], on_roll: list[str]
) -> None:
    """Found by the simulator: Redis lost everything after `enable` had returned and before the first look at
    the drain. Nobody was registered, nobody was on the roll, and the window was called drained at once."""
    durable = MemoryDurableStore(store_id="s", now=0.0)
    _conductor(durable)._window_seen(_state(mode), CLOSED, *problems)
    assert [entry.agent_id for entry in durable.roll("w-1")] == on_roll


@pytest.mark.parametrize(
    ("mode", "problem", "on_roll"),
    [(Mode.NORMAL, "", ["a-1"]), (Mode.EMERGENCY, _UNJOURNALED, []), (Mode.TEST, "", [])],
)
def test_who_is_there_when_the_gates_begin_to_close_is_on_the_roll(
    mode: Mode, problem: str, on_roll: list[str]
) -> None:
    """Found by the simulator: Redis lost everything while `enable` waited, and a worker stood still, so that
    it did not register again: its job ran on in a window that was called drained."""
    durable = MemoryDurableStore(store_id="s", now=0.0)
    conductor = _conductor(durable)

    def announce_and_wait(_state: GuardState, meanwhile: Callable[[], None] | None) -> Closed:
        if meanwhile is not None:
            meanwhile()
        conductor._surroundings.roster = list
        return CLOSED

    conductor._closing = SimpleNamespace(announce_and_wait=announce_and_wait)
    conductor._confirm = lambda _: None
    conductor._close(_state(mode), problem)
    assert [entry.agent_id for entry in durable.roll("w-1")] == on_roll


@pytest.mark.parametrize(
    ("mode", "before", "on_roll"),
    [
        (Mode.NORMAL, [], ["a-1"]),
        (Mode.NORMAL, ["a-0"], ["a-0"]),  # there was a look while the window was open
        (Mode.TEST, [], []),
    ],
)
def test_who_is_registered_when_the_window_ends_is_on_the_roll_if_nobody_is(
    mode: Mode, before: list[str], on_roll: list[str]
) -> None:
    """Found by the kill harness: the database was away while the gates closed, a worker was killed, and the
    window ended. Its job was unaccounted, for nobody knew of the worker."""
    durable = MemoryDurableStore(store_id="s", now=0.0)
    durable.enrol("w-1", [RollEntry(agent_id=one, node=one, host="here", pid=1) for one in before])
    conductor = _conductor(durable)
    state = replace(_state(mode), phase=Phase.RELEASING)
    conductor._changes.make = lambda *_: state
    conductor._changes.announce = lambda _: ""
    conductor._releasing = SimpleNamespace(release=lambda _: None)
    conductor._surroundings.parked = lambda: 0
    conductor.disable("b")
    assert [entry.agent_id for entry in durable.roll("w-1")] == on_roll
