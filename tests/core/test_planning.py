"""What may be planned, with every problem at once, and what a plan meets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.generation import SessionPolicy
from guard.core.modes import Mode
from guard.core.planning import LONGEST_LOOK_AHEAD, PlanRequest, check_plan, overlaps, request_of
from guard.core.terms import AtDeadline
from guard.errors import InvalidRequest
from tests.core.wording import is_worded
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


HOURS = ",".join(str(hour) for hour in range(24))


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
        ({"extend_by": -1}, "extend_by -1 is out of range"),
        ({"duration": 604_800, "look_ahead": 1}, "at most 7 days"),
        ({"duration": None, "extend_by": 604_800, "max_extensions": 1}, "duration is missing"),
        ({"duration": None, "end": "2026-12-09 02:00"}, "duration 691200 is out of range"),
        ({"at": "2031-12-04 12:00:01", "zone": "UTC"}, "more than five years away"),
        ({"at": "tomorrow", "every": "FREQ=DAILY"}, "at 'tomorrow' is not understood"),
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
    assert plan(usual_notices=usual, every="FREQ=DAILY", zone="UTC").notices == (3600,), "it is another's end"
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


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "x" * 61},
        {"mode": "emergency"},
        {"at": "2026-11-30 13:00"},
        {"at": "2032-01-01 02:00"},
        {"duration": None},
        {"duration": True},
        {"duration": "60"},
        {"end": "2026-12-01 03:00"},
        {"duration": None, "end": "2026-12-01 02:00"},
        {"duration": None, "end": "soon"},
        {"every": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
        {"every": "FREQ=DAILY", "duration": 86_401},
        {"skipped": ("2026-12-01",)},
        {"skipped": [f"2027-01-01 {hour:02}:{minute:02}" for hour in range(20) for minute in range(11)]},
        {"notices": (59,)},
        {"notices": (30 * 86_400 + 1,)},
        {"notices": (True,)},
        {"notices": range(60, 720, 60)},
        {"look_ahead": 86_401},
        {"look_ahead": "60"},
        {"look_ahead": -1},
        {"extend_by": 60},
        {"max_extensions": 25, "extend_by": 60},
        {"extend_by": 604_801, "max_extensions": 1},
        {"extend_by": 86_400, "max_extensions": 7},
        {"drain_within": 0},
    ],
)
def test_a_problem_in_these_words(wanted: dict[str, Any]) -> None:
    for problem in problems_of(**wanted):
        is_worded("planning", problem)


def test_a_name_that_is_taken_in_these_words() -> None:
    (problem,) = problems_of(name=" move ", others=[plan(name="other"), plan()])
    is_worded("planning", problem)


def test_two_meet_in_these_words() -> None:
    (met,) = overlaps(plan(name="other"), [plan()], NOW)
    is_worded("planning", met)


def test_all_problems_in_their_order() -> None:
    """`at`, what is excepted, zone, rule: each is checked although another one is wrong."""
    found = problems_of(at="never", skipped=("x", "y"), zone="Nowhere", every="FREQ=OFTEN")
    assert [problem.split()[0] for problem in found] == ["at", "except", "except", "zone", "rule"]
    assert len(problems_of(at="never", duration=None, end="2026-12-01 02:00")) == 1
    many = [f"2027-01-01 {hour:02}:{minute:02}" for hour in range(21) for minute in range(10)]
    found = problems_of(at="never", skipped=many)
    assert [problem.split()[0] for problem in found] == ["at", "except"]


@pytest.mark.parametrize(
    ("wanted", "begins"),
    [
        ({"name": f" {'x' * 60}"}, f"name ' {'x' * 59}' is taken"),
        ({"every": f"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR={HOURS}"}, "never fires"),
        ({"every": f"FREQ=DAILY;BYHOUR={HOURS};WKST=MO", "duration": 7200}, "begins again"),
    ],
)
def test_long_texts_are_cut_after_sixty_characters(wanted: dict[str, Any], begins: str) -> None:
    problem = problems_of(**wanted, others=[plan(name="x" * 60)])[-1]
    rule = f"rule {wanted['every'][:60]!r} " if "every" in wanted else ""
    assert problem.startswith(rule + begins)


@pytest.mark.parametrize(
    "wanted",
    [
        {"duration": 1},
        {"duration": 604_800},
        {"look_ahead": 86_400, "duration": 604_800 - 86_400},
        {"extend_by": 60, "max_extensions": 24},
        {"extend_by": 604_799, "max_extensions": 1, "duration": 1},
        {"notices": (60, 30 * 86_400)},
        {"notices": range(60, 660, 60)},
        {"at": "2026-11-30 13:01"},
        {"at": "2031-12-02 02:00"},
        {"at": "2031-12-04 12:00", "zone": "UTC"},
        {"every": "FREQ=DAILY", "duration": 86_400, "zone": "UTC"},
        {"duration": None, "end": "2026-12-01 02:00:01"},
        {"skipped": [f"2027-01-01 {hour:02}:{minute:02}" for hour in range(20) for minute in range(10)]},
    ],
)
def test_what_may_just_be(wanted: dict[str, Any]) -> None:
    assert plan(**wanted)


def test_a_plan_as_it_was_asked_for() -> None:
    made = plan(
        name=" move ", mode="test", every="FREQ=WEEKLY", skipped=("2026-12-15", "2026-12-08", "2026-12-08"),
        duration=59.6, notices=(60, 120.4, 60), look_ahead=60.4, auto_end=False, extend_by=60.4,
        max_extensions=2, grace=3, drain_within=40, at_deadline="abort", verify=True, sessions="keep",
        scope={"queues": ["a"]},
    )  # fmt: skip
    assert (made.name, made.mode, made.reason, made.by) == ("move", Mode.TEST, "why", "ops")
    assert (made.when.zone, made.when.rule) == ("Europe/Berlin", "FREQ=WEEKLY")
    assert made.when.skipped == ("2026-12-08", "2026-12-15")
    assert (made.duration, made.notices, made.look_ahead) == (60, (120, 60), 60)
    assert (made.auto_end, made.extend_by, made.max_extensions, made.since) == (False, 60, 2, NOW)
    terms = made.terms
    assert (terms.grace, terms.drain_within, terms.at_deadline, terms.verify) == (
        3,
        40,
        AtDeadline.ABORT,
        True,
    )
    assert (terms.sessions, terms.scope.queues) == (SessionPolicy.KEEP, ("a",))
    assert check_plan(request_of(made), now=NOW) == made


def test_what_is_taken_where_nothing_was_said() -> None:
    made = plan()
    assert (made.mode, made.notices, made.look_ahead, made.auto_end) == (Mode.NORMAL, (), 0, True)
    assert (made.extend_by, made.max_extensions, made.when.skipped) == (0, 0, ())
    assert (made.terms.at_deadline, made.terms.verify) == (AtDeadline.WAIT, False)
    assert plan(duration=0.3).duration == 1, "a second at least"
    assert check_plan(request_of(made), now=NOW) == made


def test_a_changed_duration_makes_it_count_anew() -> None:
    first = plan(every="FREQ=WEEKLY")
    later = NOW + 40 * 86_400
    longer = check_plan(replace(request_of(first), duration=3601), now=later, before=first)
    assert longer.since == later


def test_an_old_start_that_is_not_moved_is_not_in_the_past() -> None:
    first = plan()
    again = check_plan(replace(request_of(first), reason="other"), now=NOW + 40 * 86_400, before=first)
    assert again.since == NOW
    (problem,) = problems_of(now=NOW + 40 * 86_400)
    assert "in the past" in problem


def test_when_two_meet_to_the_second() -> None:
    one = plan(name="one", duration=3600)  # from 02:00 to 03:00
    assert overlaps(one, [plan(name="b", at="2026-12-01 03:00")], NOW) == ()
    assert len(overlaps(one, [plan(name="b", at="2026-12-01 02:59:59")], NOW)) == 1
    assert overlaps(one, [plan(name="b", at="2026-12-01 01:00")], NOW) == ()
    assert len(overlaps(one, [plan(name="b", at="2026-12-01 01:00", duration=3601)], NOW)) == 1


def test_the_first_of_many_times_at_which_two_meet() -> None:
    daily = plan(name="daily", at="2026-12-02 02:00", every="FREQ=DAILY")
    late = plan(name="late", at="2026-12-05 01:30", duration=3600)
    assert "at 2026-12-05 02:00 " in overlaps(late, [daily], NOW)[0]
    assert "at 2026-12-05 02:00 " in overlaps(daily, [late], NOW)[0]
    after = at("2026-12-05 01:20")  # both of today have begun
    assert "at 2026-12-05 02:00 " in overlaps(daily, [late], after)[0]
    assert overlaps(daily, [late], at("2026-12-05 02:20")) == ()


def test_how_far_two_are_compared() -> None:
    first = at("2026-12-02 02:00")
    for days, meets in ((199, 1), (200, 0)):
        start = datetime.fromtimestamp(first + days * 86_400, UTC).strftime("%Y-%m-%d 04:00")
        other = plan(name="other", at=start, zone="UTC", duration=60)
        assert (
            len(overlaps(plan(name="d", at="2026-12-02 04:00", zone="UTC", every="FREQ=DAILY"), [other], NOW))
            == meets
        )
    yearly = plan(name="yearly", at="2026-12-02 12:00", zone="UTC", every="FREQ=YEARLY")
    for end, meets in (("2028-01-04 12:00", 0), ("2027-12-02 12:00", 1)):
        assert len(overlaps(yearly, [plan(name="o", at=end, zone="UTC")], NOW)) == meets


@pytest.mark.parametrize(("moment", "meets"), [("12:00", 1), ("12:00:01", 0)])
def test_they_are_compared_for_four_hundred_days(moment: str, meets: int) -> None:
    one, other = (plan(name=name, at=f"2028-01-04 {moment}", zone="UTC") for name in ("one", "other"))
    assert len(overlaps(one, [other], NOW)) == meets


def test_it_is_no_plan_without_words() -> None:
    assert PlanRequest(name="n", reason="r", by="b", at="a", zone="z") == PlanRequest(
        name="n", reason="r", by="b", at="a", zone="z", duration=None, end=None, mode="normal", every="",
        skipped=(), grace=None, drain_within=None, at_deadline="wait", verify=False, sessions=None,
        scope=None, notices=None, look_ahead=0, auto_end=True, extend_by=0, max_extensions=0,
    )  # fmt: skip
    assert LONGEST_LOOK_AHEAD == 86_400
