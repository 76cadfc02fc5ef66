"""The window of a drill gives way to a real one, and to nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.drill_window import DRILL_REASON, is_drill, is_of_drill, without_drill
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from guard.errors import IllegalMove


def opened(mode: str, reason: str) -> GuardState:
    request = WindowRequest.check(mode=mode, reason=reason, duration=60, by="alice")
    return changes.close(GuardState.first("s", 0.0), request, window_id="w-1", now=1.0)


@pytest.mark.parametrize(
    ("mode", "reason", "drill"),
    [
        ("test", f"{DRILL_REASON}Team", True),
        ("test", "a rehearsal of ours", False),
        ("normal", f"{DRILL_REASON}Team", False),
        ("emergency", f"{DRILL_REASON}Team", False),
    ],
)
def test_only_a_window_in_test_mode_is_a_drill(mode: str, reason: str, drill: bool) -> None:
    state = opened(mode, reason)
    assert is_drill(state) is drill
    assert without_drill(state).is_active is not drill


def test_without_a_drill_the_state_is_that_of_no_window_and_any_other_stays_as_it_is() -> None:
    drill = opened("test", "Drill: Team")
    without = without_drill(drill)
    assert without == replace(drill, phase=Phase.INACTIVE, mode=None)
    assert not is_drill(without)
    assert without_drill(without) is without
    real = opened("normal", "Drill: Team")
    assert without_drill(real) is real


def test_a_drill_is_told_by_mode_and_reason() -> None:
    assert is_of_drill("test", "Drill: Team")
    assert not is_of_drill("test", "a Drill: Team")
    assert not is_of_drill(None, "Drill: Team")


def test_a_window_that_is_over_is_no_drill_whatever_its_reason() -> None:
    assert not is_drill(replace(opened("test", "Drill: Team"), phase=Phase.INACTIVE))


@pytest.mark.parametrize("mode", ["normal", "emergency"])
def test_a_real_window_takes_the_place_of_a_drill(mode: str) -> None:
    drill = opened("test", f"{DRILL_REASON}Team")
    request = WindowRequest.check(mode=mode, reason="fire", duration=60, by="bob")
    state = changes.close(drill, request, window_id="w-2", now=2.0)
    assert (state.phase, state.mode, state.window_id) == (Phase.CLOSING, Mode(mode), "w-2")
    assert state.epoch == drill.epoch + 1


def test_nothing_else_gives_way() -> None:
    request = WindowRequest.check(mode="emergency", reason="fire", duration=60, by="bob")
    for state in (opened("test", "a rehearsal of ours"), opened("normal", f"{DRILL_REASON}Team")):
        with pytest.raises(IllegalMove):
            changes.close(state, request, window_id="w-2", now=2.0)
    another = WindowRequest.check(mode="test", reason=f"{DRILL_REASON}Team", duration=60, by="bob")
    with pytest.raises(IllegalMove):
        changes.close(opened("test", f"{DRILL_REASON}Team"), another, window_id="w-2", now=2.0)
