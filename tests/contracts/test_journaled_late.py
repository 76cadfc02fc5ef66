"""An emergency that was begun while the database was away: whoever writes first when it is back enters its
window, so that it can be found, and is told of, whatever comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core import changes as moves
from guard.core.changes import WindowRequest
from guard.core.modes import Mode, Phase
from guard.errors import IllegalMove, StaleEpoch
from guard.orchestrator.changes import Changes
from guard.store.memory import MemoryControlPlane
from tests.contracts.doers import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.history import AuditRecord
    from guard.core.state import GuardState
    from guard.ports import DurableStore

FIRE = WindowRequest(mode=Mode.EMERGENCY, reason="fire", duration=None, by="ada")


@pytest.fixture
def missed(durable: DurableStore) -> Changes:
    """An emergency is known to the control plane alone."""
    clock = HandClock()
    changes = Changes(durable=durable, plane=MemoryControlPlane(clock), clock=clock)
    changes.announce(durable.read())
    changes.make_unjournaled(lambda old, now: moves.close(old, FIRE, window_id="w-1", now=now))
    return changes


@pytest.mark.parametrize(
    ("step", "ended_by"),
    [
        pytest.param(lambda old, now: moves.release(old, by="bob", now=now), "bob", id="ended"),
        pytest.param(lambda old, now: moves.change(old, by="bob", now=now, reason="smoke"), "", id="changed"),
    ],
)
def test_its_window_is_entered_before_it_is_changed(
    missed: Changes, durable: DurableStore, step: Callable[[GuardState, float], GuardState], ended_by: str
) -> None:
    state = missed.make("next", "bob", step, {})
    window = durable.window("w-1")
    assert window is not None
    assert (window.mode, window.by, window.reason) == ("emergency", "ada", state.reason)
    assert window.ended_by == ended_by
    assert durable.read() == state
    assert durable.latest("enable", 1)[0].outcome == "journaled late"


def test_it_is_entered_though_the_change_is_not_possible(missed: Changes, durable: DurableStore) -> None:
    with pytest.raises(IllegalMove):
        missed.make("enable", "bob", lambda old, now: moves.close(old, FIRE, window_id="w-2", now=now), {})
    assert durable.read() == missed.plane.read()
    assert durable.window("w-1") is not None
    assert durable.window("w-2") is None


def test_it_is_entered_once_when_another_process_is_faster(
    missed: Changes, durable: DurableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = durable.change

    def overtaken(expected: int, new: GuardState, record: AuditRecord) -> None:
        monkeypatch.setattr(durable, "change", begun)
        Changes(durable=durable, plane=missed.plane, clock=HandClock()).journal_what_was_missed()
        begun(expected, new, record)

    monkeypatch.setattr(durable, "change", overtaken)
    state = missed.make("disable", "bob", lambda old, now: moves.release(old, by="bob", now=now), {})
    assert state.phase is Phase.RELEASING
    assert len(durable.latest("enable", 5)) == 1


def test_nothing_is_made_where_others_are_faster_each_time(
    missed: Changes, durable: DurableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(expected: int, new: GuardState, record: AuditRecord) -> None:
        raise StaleEpoch(expected=expected, found=expected + 1)

    monkeypatch.setattr(durable, "change", overtaken)
    with pytest.raises(StaleEpoch):
        missed.make("disable", "bob", lambda old, now: moves.release(old, by="bob", now=now), {})
    assert durable.read().phase is Phase.INACTIVE
