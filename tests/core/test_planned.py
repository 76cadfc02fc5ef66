"""Plans as they are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guard.core.planned import Plan, name_problem
from guard.core.planning import PlanRequest, check_plan
from guard.core.scope import Scope
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
