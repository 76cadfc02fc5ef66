"""What may be planned, with every problem at once, and what a plan meets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.planning import PlanRequest, check_plan, overlaps, request_of
from guard.errors import InvalidRequest
from tests.support.planned import at

if TYPE_CHECKING:
    from guard.core.planned import Plan

NOW = at("2026-11-30 12:00")
GOOD: dict[str, Any] = {
    "name": "move", "reason": "why", "by": "ops", "at": "2026-12-01 02:00", "zone": "Europe/Berlin",
    "duration": 3600,
}  # fmt: skip


def plan(now: float = NOW, **wanted: Any) -> Plan:
    against = {name: wanted.pop(name) for name in ("others", "before", "usual_notices") if name in wanted}
    return check_plan(PlanRequest(**(GOOD | wanted)), now=now, **against)


def problems_of(**wanted: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidRequest) as caught:
        plan(**wanted)
    return caught.value.problems


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": ""}, "name '' is not usable"),
        ({"mode": "emergency"}, "cannot be planned"),
        ({"mode": "normaal"}, "did you mean 'normal'"),
        ({"at": "tomorrow"}, "at 'tomorrow' is not understood"),
        ({"at": "2026-11-30 12:59"}, "is in the past"),
        ({"at": "2032-01-01 02:00"}, "more than five years away"),
        ({"zone": "Europe/Berln"}, "did you mean 'Europe/Berlin'"),
        ({"duration": 0}, "duration 0 is out of range"),
        ({"duration": -60}, "duration -60 is out of range"),
        ({"duration": float("nan")}, "duration nan is out of range"),
        ({"duration": 8 * 86_400}, "is out of range"),
        ({"duration": None}, "duration is missing"),
        ({"end": "2026-12-01 03:00"}, "both given"),
        ({"duration": None, "end": "2026-12-01 02:00"}, "a window ends after it begins"),
        ({"duration": None, "end": "2026-11-01 02:00"}, "a window ends after it begins"),
        ({"every": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never fires"),
        ({"every": "FREQ=DAILY;UNTIL=20261130"}, "never fires"),
        ({"every": "FREQ=DAILY", "duration": 86_401}, "begins again after"),
        ({"every": "FREQ=OFTEN"}, "FREQ='OFTEN'"),
        ({"skipped": ("2026-12-01",)}, "excepted"),
        ({"skipped": ("christmas",)}, "except 'christmas'"),
        ({"notices": (5,)}, "a notice 5 is out of range"),
        ({"notices": range(60, 6000, 60)}, "at most 10"),
        ({"look_ahead": 90_000}, "look_ahead 90000 is out of range"),
        ({"extend_by": 60}, "needs both"),
        ({"extend_by": 86_400, "max_extensions": 7}, "at most 7 days"),
        ({"at_deadline": "abort"}, "needs a deadline"),
        ({"scope": {"tenants": ["a"]}}, "tenant_key"),
        ({"sessions": "kep"}, "did you mean 'keep'"),
    ],
)
def test_a_problem(wanted: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(**wanted)
    assert said in problem


def test_all_problems_at_once() -> None:
    found = problems_of(
        name="", reason="", by="", at="never", zone="Nowhere", duration=None, end="2020-13-01",
        mode="emergency", every="FREQ=OFTEN", skipped=("x",), notices=(1,), look_ahead=-1, extend_by=60,
        grace=900, sessions="?", scope={"tenants": ["a"]}, at_deadline="never",
    )  # fmt: skip
    assert len(found) == 16, found


def test_an_inverted_window_is_found_even_if_the_zone_is_wrong() -> None:
    found = problems_of(zone="Nowhere", duration=None, end="2026-12-01 01:00")
    assert any("ends after it begins" in problem for problem in found)


def test_an_end_is_a_length_in_real_time() -> None:
    night = plan(at="2027-03-28 01:00", duration=None, end="2027-03-28 04:00")
    assert night.duration == 2 * 3600, "an hour of it does not exist"


def test_a_name_is_used_once() -> None:
    (problem,) = problems_of(others=[plan()])
    assert "is taken" in problem
    assert plan(name="another", others=[plan()])


def test_usual_notices_are_those_that_come_after_the_start_before() -> None:
    usual = (259_200, 86_400, 3600)
    assert plan(usual_notices=usual).notices == usual
    assert plan(usual_notices=usual, every="FREQ=WEEKLY").notices == usual
    assert plan(usual_notices=usual, every="FREQ=DAILY").notices == (3600,)
    assert plan(usual_notices=usual, every="FREQ=DAILY", notices=(86_400,)).notices == (86_400,)
    assert plan(usual_notices=usual, notices=()).notices == ()


def test_a_plan_can_be_asked_for_again() -> None:
    first = plan(
        every="FREQ=WEEKLY", skipped=("2026-12-08",), grace=3, drain_within=60, at_deadline="abort",
        verify=True, sessions="keep", scope={"queues": ["a"]}, notices=(60,), look_ahead=60, auto_end=False,
        extend_by=60, max_extensions=1,
    )  # fmt: skip
    again = check_plan(request_of(first), now=NOW + 40 * 86_400, before=first)
    assert again == first, "its first start has passed, and it counts from when it did"


def test_a_plan_counts_from_when_its_time_was_said() -> None:
    first = plan(every="FREQ=WEEKLY")
    later = NOW + 40 * 86_400
    renamed = check_plan(replace(request_of(first), reason="other"), now=later, before=first)
    assert renamed.since == NOW
    moved = check_plan(replace(request_of(first), at="2026-12-01 03:00"), now=later, before=first)
    assert moved.since == later


def test_overlaps_are_told_with_their_first_time() -> None:
    weekly = plan(name="weekly", at="2026-12-06 02:00", every="FREQ=WEEKLY")
    late = plan(name="late", at="2026-12-20 02:30")
    (met,) = overlaps(late, [weekly, plan(name="far", at="2026-12-21 02:00")], NOW)
    assert "overlaps with 'weekly' at 2026-12-20 02:30 Europe/Berlin (01:30 UTC)" in met
    assert len(overlaps(weekly, [late], NOW)) == 1
    assert overlaps(plan(name="next", at="2026-12-06 03:00"), [weekly], NOW) == (), "it only touches"
