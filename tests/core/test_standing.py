"""The small questions of the planner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.generation import SessionPolicy
from guard.core.holding import Holding
from guard.core.scope import Scope
from guard.core.standing import DueFacts, Standing, same_time
from guard.core.state import GuardState
from guard.core.terms import AtDeadline

NOW = 1_800_000_000.0
STATE = changes.close(
    GuardState.first("store", NOW),
    WindowRequest.check(mode="normal", reason="why", duration=600, by="ops"),
    window_id="w",
    now=NOW,
)


def standing(state: GuardState = STATE) -> Standing:
    return Standing(DueFacts(schedules=(), occurrences=(), state=state, now=NOW + 60))


def test_nothing_is_changed_into_what_it_is() -> None:
    now = Holding.of(STATE)
    assert standing().change_to(now) is None
    assert standing().change_to(replace(now, ends_at=NOW + 601)) is None, "but for rounding"
    assert standing().change_to(replace(now, ends_at=None)) is None, "an end cannot be taken away"


def test_only_what_differs_is_changed() -> None:
    wanted = replace(
        Holding.of(STATE),
        scope=Scope(queues=("a",)),
        sessions=SessionPolicy.INVALIDATE,
        ends_at=NOW + 1200.9,
        drain_by=NOW + 90.1,
        at_deadline=AtDeadline.ABORT,
    )
    change = standing().change_to(wanted)
    assert change is not None
    assert change.epoch == STATE.epoch
    assert change.fields == {
        "scope": Scope(queues=("a",)).to_dict(),
        "sessions": "invalidate",
        "duration": 1200,
        "drain_within": 91,
        "at_deadline": "abort",
    }
    changed = changes.change(STATE, by="x", now=NOW + 61, **change.fields)
    assert standing(changed).change_to(wanted) is None


def test_a_window_is_never_longer_than_a_week() -> None:
    change = standing().change_to(replace(Holding.of(STATE), ends_at=NOW + 9 * 86_400))
    assert change is not None
    assert change.fields == {"duration": 7 * 86_400}
    longest = changes.change(STATE, by="x", now=NOW, duration=7 * 86_400)
    assert standing(longest).change_to(replace(Holding.of(longest), ends_at=NOW + 9 * 86_400)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"), [(None, None, True), (None, 1.0, False), (1.0, 2.0, True), (1.0, 7.0, False)]
)
def test_the_same_time(one: float | None, other: float | None, same: bool) -> None:
    assert same_time(one, other) is same
