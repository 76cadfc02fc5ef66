"""Plans as they are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from guard.core.modes import Mode
from guard.core.planned import Plan, Schedule, name_problem
from guard.core.planning import PlanRequest, check_plan
from guard.core.scope import Scope
from guard.core.terms import Terms
from guard.errors import StateInvalid
from tests.support.planned import at

NOW = at("2026-11-30 12:00")
PLAN = check_plan(
    PlanRequest(
        name="Umzug 🚚",
        reason="why",
        by="ops",
        at="2026-12-06 02:00",
        zone="Europe/Berlin",
        duration=5400,
        every="FREQ=WEEKLY;BYDAY=SU",
        skipped=("2026-12-20", "2027-01-03 02:00"),
        scope=Scope(queues=("images",)),
        notices=(3600, 86_400),
        look_ahead=600,
        extend_by=60,
        max_extensions=2,
        drain_within=60,
        at_deadline="abort",
        sessions="keep",
        grace=5,
        verify=True,
        auto_end=False,
    ),
    now=NOW,
)


def test_it_is_stored_and_read_back() -> None:
    assert Plan.from_dict(json.loads(json.dumps(PLAN.to_dict()))) == PLAN
    assert PLAN.notices == (86_400, 3600)
    assert PLAN.says(at("2026-12-06 01:00")) == "2026-12-06 02:00 Europe/Berlin (01:00 UTC)"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        [],
        PLAN.to_dict() | {"mode": "emergency"},
        PLAN.to_dict() | {"duration": 0},
        PLAN.to_dict() | {"duration": 9_999_999},
        PLAN.to_dict() | {"zone": "Nowhere"},
        PLAN.to_dict() | {"every": "FREQ=OFTEN"},
        PLAN.to_dict() | {"terms": {}},
        PLAN.to_dict() | {"auto_end": "no"},
        PLAN.to_dict() | {"more": 1},
        PLAN.to_dict() | {"look_ahead": float("inf")},
        PLAN.to_dict() | {"since": 10**400},
        PLAN.to_dict() | {"since": float("nan")},
    ],
)
def test_what_was_never_written_is_not_read(broken: Any) -> None:
    with pytest.raises(StateInvalid, match="stored plan"):
        Plan.from_dict(broken)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 61, "a\u202eb", "\x1b[2J", None])
def test_names_that_cannot_be_used(name: object) -> None:
    assert name_problem(name)


@pytest.mark.parametrize("name", ["Reindex", "Weekly move of db 1", "Ümzug 🚚"])
def test_names_that_can(name: str) -> None:
    assert name_problem(name) is None


def test_every_field_as_json() -> None:
    """Plans of an older release are read by this one."""
    assert PLAN.to_dict() == {
        "name": "Umzug 🚚", "mode": "normal", "reason": "why", "by": "ops", "at": "2026-12-06T02:00:00",
        "zone": "Europe/Berlin", "every": "FREQ=WEEKLY;BYDAY=SU",
        "except": ["2026-12-20", "2027-01-03T02:00:00"], "duration": 5400, "terms": PLAN.terms.to_dict(),
        "notices": [86_400, 3600], "look_ahead": 600, "auto_end": False, "extend_by": 60,
        "max_extensions": 2, "since": NOW,
    }  # fmt: skip


def test_a_plan_that_says_little() -> None:
    little = Plan(name="n", mode=Mode.TEST, reason="r", by="b", when=PLAN.when, duration=1)
    assert little == Plan(
        name="n", mode=Mode.TEST, reason="r", by="b", when=PLAN.when, duration=1, terms=Terms(), notices=(),
        look_ahead=0, auto_end=True, extend_by=0, max_extensions=0, since=0.0,
    )  # fmt: skip
    assert Plan.from_dict(little.to_dict()) == little
    assert little.actor == "schedule: n"
    longest = replace(little, duration=7 * 86_400)
    assert Plan.from_dict(longest.to_dict()) == longest


def test_a_schedule_stands_until_it_is_cancelled() -> None:
    assert (
        Schedule(schedule_id="s", revision=1, plan=PLAN, changed_at=1.0, changed_by="b").cancelled_at is None
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({}, "a stored plan is not understood (KeyError: 'duration')"),
        ([], "a stored plan is not understood (TypeError: list indices must be integers or slices, not str)"),
        (PLAN.to_dict() | {"terms": {}}, "a stored plan is not understood (StateInvalid: "),
        (PLAN.to_dict() | {"at": 5}, "a stored plan is not understood (TypeError: "),
        (PLAN.to_dict() | {"at": "soon"}, "a stored plan is not understood (ValueError: "),
        (PLAN.to_dict() | {"terms": 5}, "a stored plan is not understood ("),
        (PLAN.to_dict() | {"zone": "Nowhere"}, "a stored plan is not understood (InvalidRequest: zone"),
        (PLAN.to_dict() | {"duration": 0}, "a stored plan is not in its canonical form"),
        (PLAN.to_dict() | {"duration": 604_801}, "a stored plan is not in its canonical form"),
        (PLAN.to_dict() | {"mode": "emergency"}, "a stored plan is not in its canonical form"),
        (PLAN.to_dict() | {"duration": "5400"}, "a stored plan is not in its canonical form"),
    ],
)
def test_what_is_said_of_a_plan_that_is_not_read(broken: Any, said: str) -> None:
    with pytest.raises(StateInvalid) as caught:
        Plan.from_dict(broken)
    assert str(caught.value).startswith(said)


def test_the_longest_name_and_what_is_said_of_a_longer_one() -> None:
    assert name_problem("x" * 60) is None
    assert name_problem("x" * 61) == f"name '{'x' * 40}' is not usable: give 1 to 60 characters on one line"
    assert name_problem(None) == "name 'None' is not usable: give 1 to 60 characters on one line"
    assert name_problem("a\u00a0b"), "a space that does not look like one"
