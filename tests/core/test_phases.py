"""Every legal and every illegal move, and what must hold for the whole table."""

from __future__ import annotations

import pytest

from guard.core.modes import Phase
from guard.core.phases import MOVES, Event, move
from guard.errors import IllegalMove

LEGAL = [(phase, event, after) for phase, events in MOVES.items() for event, after in events.items()]
ILLEGAL = [(phase, event) for phase in Phase for event in Event if event not in MOVES.get(phase, {})]

# The table once more, as a person would say it: a slip in MOVES cannot hide behind itself.
ORACLE = """
    inactive:  enable -> closing
    closing:   confirm -> draining, change -> closing, disable -> releasing
    closing:   escalate -> closing, ease -> closing
    draining:  report drained -> active, change -> draining, disable -> releasing
    draining:  escalate -> closing, ease -> draining
    active:    verify -> verifying, change -> active, disable -> releasing
    active:    escalate -> closing, ease -> active
    verifying: change -> verifying, disable -> releasing
    verifying: escalate -> closing, ease -> verifying
    releasing: finish releasing -> inactive, enable -> closing
    inactive:  invalidate sessions -> inactive
    closing:   invalidate sessions -> closing
    draining:  invalidate sessions -> draining
    active:    invalidate sessions -> active
    verifying: invalidate sessions -> verifying
    releasing: invalidate sessions -> releasing
"""


@pytest.mark.parametrize(("phase", "event", "after"), LEGAL, ids=[f"{p} can {e}" for p, e, _ in LEGAL])
def test_legal_move(phase: Phase, event: Event, after: Phase) -> None:
    assert move(phase, event) is after


@pytest.mark.parametrize(("phase", "event"), ILLEGAL, ids=[f"{p} cannot {e}" for p, e in ILLEGAL])
def test_illegal_move_says_where_it_stands_and_what_to_do(phase: Phase, event: Event) -> None:
    with pytest.raises(IllegalMove) as caught:
        move(phase, event)
    assert (caught.value.phase, caught.value.event) == (phase, event)
    assert str(caught.value).startswith(f"cannot {event} while maintenance is {phase}: ")
    assert not str(caught.value).endswith(": ")


def test_moves_are_those_that_the_design_names() -> None:
    said = {
        (phase.strip(), *(part.strip() for part in one.split("->")))
        for phase, rest in (line.split(":") for line in ORACLE.strip().splitlines())
        for one in rest.split(",")
    }
    assert {(phase.value, event.value, after.value) for phase, event, after in LEGAL} == said


def test_every_phase_has_moves_and_every_event_is_used() -> None:
    assert set(MOVES) == set(Phase)
    assert {event for events in MOVES.values() for event in events} == set(Event)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.INACTIVE])
def test_no_window_can_get_stuck(phase: Phase) -> None:
    """From everywhere one person needs at most one disable, and then nothing but the release."""
    if phase is not Phase.RELEASING:
        phase = move(phase, Event.DISABLE)
    assert move(phase, Event.RELEASED) is Phase.INACTIVE


def test_every_phase_is_reached_from_inactive() -> None:
    reached, todo = set(), [Phase.INACTIVE]
    while todo:
        phase = todo.pop()
        if phase not in reached:
            reached.add(phase)
            todo += MOVES[phase].values()
    assert reached == set(Phase)


def test_a_change_and_an_easing_never_move() -> None:
    assert all(
        after is phase
        for phase, event, after in LEGAL
        if event in {Event.CHANGE, Event.EASE, Event.INVALIDATE}
    )


def test_an_escalation_closes_anew() -> None:
    assert {after for _, event, after in LEGAL if event is Event.ESCALATE} == {Phase.CLOSING}


@pytest.mark.parametrize(
    ("phase", "event", "remedy"),
    [
        (Phase.ACTIVE, Event.ENABLE, "change it, or disable it first"),
        (Phase.INACTIVE, Event.DISABLE, "nothing is closed"),
        (Phase.INACTIVE, Event.CHANGE, "enable a window first"),
        (Phase.INACTIVE, Event.ESCALATE, "enable a window first"),
        (Phase.INACTIVE, Event.EASE, "enable a window first"),
        (Phase.CLOSING, Event.VERIFY, "verifying follows active"),
        (Phase.CLOSING, Event.DRAINED, "the window is not there yet"),
    ],
)
def test_the_remedy_is_one_for_this_event(phase: Phase, event: Event, remedy: str) -> None:
    with pytest.raises(IllegalMove) as caught:
        move(phase, event)
    assert str(caught.value).endswith(f": {remedy}")
