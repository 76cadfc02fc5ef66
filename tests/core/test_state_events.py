"""Which events a change of the state is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.event_catalogue import problems_of
from guard.core.modes import CLOSED_PHASES
from guard.core.named_events import EventName
from guard.core.state import GuardState
from guard.core.state_events import events_between
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_700_000_000.0
FIRST = GuardState.first("store", NOW)


def closed(mode: str = "normal", sessions: str = "keep", **more: object) -> GuardState:
    wants = {"mode": mode, "reason": "Umzug", "duration": 3600, "by": "ops", "sessions": sessions, **more}
    request = WindowRequest.check(**wants)  # type: ignore[arg-type]
    return changes.close(FIRST, request, window_id="w-1", now=NOW)


def draining(**more: object) -> GuardState:
    return changes.confirm(closed(**more), now=NOW)  # type: ignore[arg-type]


def names(old: GuardState, new: GuardState) -> list[str]:
    return [name.value for name, _ in events_between(old, new)]


def told(old: GuardState, new: GuardState, name: EventName) -> dict[str, object]:
    return dict(events_between(old, new))[name]


def test_a_window_is_opened() -> None:
    new = closed()
    assert names(FIRST, new) == ["window.opened", "phase.changed"]
    assert told(FIRST, new, EventName.WINDOW_OPENED) == {
        "window_id": "w-1", "epoch": 1, "mode": "normal", "reason": "Umzug", "by": "ops", "duration": 3600,
        "planned_end": NOW + 3600,
    }  # fmt: skip


def test_and_may_end_sessions_by_the_same_change() -> None:
    new = closed(sessions="invalidate")
    assert names(FIRST, new) == ["window.opened", "phase.changed", "sessions.invalidated"]
    assert told(FIRST, new, EventName.SESSIONS_INVALIDATED) == {
        "window_id": "w-1", "epoch": 1, "generation": 1, "by": "ops",
    }  # fmt: skip


def test_a_step_of_the_window_is_a_change_of_its_phase_alone() -> None:
    old = draining()
    assert names(closed(), old) == ["phase.changed"]
    assert told(closed(), old, EventName.PHASE_CHANGED) == {
        "window_id": "w-1", "epoch": 2, "phase": "draining", "phase_before": "closing", "mode": "normal",
        "by": "ops",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        ({"reason": "Umzug, länger"}, ["reason"]),
        ({"duration": 7200}, ["duration"]),
        ({"grace": 5}, ["terms"]),
        ({"reason": "Brand", "duration": 60}, ["reason", "duration"]),
    ],
)
def test_a_change_says_what_is_different(wanted: dict[str, object], changed: list[str]) -> None:
    old = draining()
    new = changes.change(old, by="ops", now=NOW + 1, **wanted)  # type: ignore[arg-type]
    assert names(old, new) == ["window.changed"]
    assert told(old, new, EventName.WINDOW_CHANGED)["changed"] == changed


def test_an_emergency_out_of_a_window_is_a_change_of_its_mode() -> None:
    old = draining()
    new = changes.change(old, by="ops", now=NOW + 1, mode="emergency", sessions="keep")
    assert names(old, new) == ["window.changed", "phase.changed"]
    assert told(old, new, EventName.WINDOW_CHANGED) == {
        "window_id": "w-1", "epoch": 3, "mode": "emergency", "reason": "Umzug", "by": "ops",
        "duration": 3600, "planned_end": NOW + 3600, "mode_before": "normal", "changed": ["mode"],
    }  # fmt: skip


def test_the_window_ends_when_the_gate_opens_and_is_over_later() -> None:
    old = draining()
    releasing = changes.release(old, by="eve", now=NOW + 90.5)
    assert names(old, releasing) == ["window.ended", "phase.changed"]
    assert told(old, releasing, EventName.WINDOW_ENDED) == {
        "window_id": "w-1", "epoch": 3, "mode": "normal", "by": "eve", "seconds": 90.5
    }  # fmt: skip
    over = changes.finish_release(releasing, now=NOW + 91)
    assert names(releasing, over) == ["phase.changed"]
    assert told(releasing, over, EventName.PHASE_CHANGED)["mode"] is None


def test_a_clock_that_went_back_makes_no_negative_length() -> None:
    old = draining()
    new = changes.release(old, by="eve", now=NOW - 5)
    assert told(old, new, EventName.WINDOW_ENDED)["seconds"] == 0


def test_a_state_without_mode_or_beginning_is_told_as_far_as_it_goes() -> None:
    """No change makes one; a store may hold it."""
    old = replace(draining(), mode=None, started_at=None)
    releasing = replace(changes.release(draining(), by="eve", now=NOW + 90), mode=None)
    ended = told(old, releasing, EventName.WINDOW_ENDED)
    assert (ended["mode"], ended["seconds"]) == ("", 0.0)
    opened = replace(closed(), mode=None)
    assert told(FIRST, opened, EventName.WINDOW_OPENED)["mode"] == ""
    changed = told(old, replace(old, reason="Brand"), EventName.WINDOW_CHANGED)
    assert (changed["mode_before"], changed["mode"], changed["changed"]) == ("", "", ["reason"])


def test_another_window_in_the_place_of_one_is_opened_and_not_changed() -> None:
    old = draining()
    new = replace(old, window_id="w-2", reason="Brand")
    assert names(old, new) == ["window.opened"]


def test_sessions_may_be_ended_without_a_window() -> None:
    new = changes.invalidate_sessions(FIRST, by="ops", now=NOW)
    assert names(FIRST, new) == ["sessions.invalidated"]


STEPS: list[Callable[[GuardState], GuardState]] = [
    lambda state: changes.close(
        state,
        WindowRequest.check(mode="normal", reason="a", duration=60, by="ops", sessions="invalidate"),
        window_id=f"w-{state.epoch}",
        now=NOW,
    ),
    lambda state: changes.confirm(state, now=NOW),
    lambda state: changes.drained(state, now=NOW),
    lambda state: changes.verify(state, by="ops", now=NOW),
    lambda state: changes.release(state, by="ops", now=NOW),
    lambda state: changes.finish_release(state, now=NOW),
    lambda state: changes.change(state, by="ops", now=NOW, reason="b"),
    lambda state: changes.change(state, by="ops", now=NOW, mode="emergency", sessions="keep"),
    lambda state: changes.change(state, by="ops", now=NOW, mode="normal"),
    lambda state: changes.invalidate_sessions(state, by="ops", now=NOW),
]


@given(st.lists(st.sampled_from(STEPS), max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_history_opens_and_ends_by_turns_with_the_fields_of_the_catalogue(
    steps: list[Callable[[GuardState], GuardState]],
) -> None:
    state, is_open = FIRST, False
    for step in steps:
        try:
            new = step(state)
        except GuardError:
            continue
        for name, fields in events_between(state, new):
            assert problems_of(name, fields) == []
            if name is EventName.WINDOW_OPENED:
                assert not is_open
                is_open = True
            elif name is EventName.WINDOW_ENDED:
                assert is_open
                is_open = False
            elif name is EventName.PHASE_CHANGED:
                assert (fields["phase_before"], fields["phase"]) == (state.phase, new.phase)
        state = new
        assert is_open == (state.phase in CLOSED_PHASES)
