"""When a plan begins: rules of RFC 5545 on the clock of a zone, and those that are none."""

from __future__ import annotations

from datetime import datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.recurrence import Recurrence, parse_local, parse_skipped, tightest_gap
from guard.core.zones import wall, zone_of
from guard.errors import InvalidRequest
from tests.core.strategies import many
from tests.support.planned import at


def made(start: str, rule: str = "", zone: str = "UTC", skipped: tuple[str, ...] = ()) -> Recurrence:
    return Recurrence.check(start=datetime.fromisoformat(start), zone=zone, rule=rule, skipped=skipped)


def first(recurrence: Recurrence, count: int, after: str = "2020-01-01") -> list[str]:
    zone = zone_of(recurrence.zone)
    starts = recurrence.starts(at(after), at("2036-01-01"))
    return [wall(start, zone).isoformat(" ", "minutes") for start in islice(starts, count)]


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("", ["2026-01-01 02:00"]),
        ("FREQ=WEEKLY;BYDAY=SU", ["2026-01-04 02:00", "2026-01-11 02:00"]),
        ("rrule:freq=daily;interval=2;", ["2026-01-01 02:00", "2026-01-03 02:00"]),
        ("FREQ=MONTHLY;BYDAY=1MO", ["2026-01-05 02:00", "2026-02-02 02:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-01-30 02:00", "2026-02-27 02:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-01-30 02:00", "2026-02-27 02:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31 02:00", "2026-03-31 02:00"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29 02:00", "2032-02-29 02:00"]),
        ("FREQ=DAILY;BYHOUR=2,14", ["2026-01-01 02:00", "2026-01-01 14:00"]),
        ("FREQ=DAILY;COUNT=2", ["2026-01-01 02:00", "2026-01-02 02:00"]),
        ("FREQ=DAILY;UNTIL=20260102", ["2026-01-01 02:00", "2026-01-02 02:00"]),
        ("FREQ=DAILY;UNTIL=20260102T020000", ["2026-01-01 02:00", "2026-01-02 02:00"]),
        ("FREQ=DAILY;UNTIL=20260101T235959Z", ["2026-01-01 02:00"]),
    ],
)
def test_a_rule(rule: str, starts: list[str]) -> None:
    assert first(made("2026-01-01 02:00", rule), len(starts)) == starts
    if "COUNT" in rule or "UNTIL" in rule or not rule:
        assert len(first(made("2026-01-01 02:00", rule), 9)) == len(starts)


def test_until_in_utc_is_an_instant() -> None:
    assert len(first(made("2026-01-01 02:00", "FREQ=DAILY;UNTIL=20260103T010000Z", "Europe/Berlin"), 9)) == 3
    assert len(first(made("2026-01-01 02:00", "FREQ=DAILY;UNTIL=20260103T005959Z", "Europe/Berlin"), 9)) == 2


def test_it_stays_at_its_local_time_over_the_changes_of_the_clock() -> None:
    berlin = made("2026-03-28 02:30", "FREQ=DAILY", "Europe/Berlin")
    assert first(berlin, 3) == ["2026-03-28 02:30", "2026-03-29 03:00", "2026-03-30 02:30"]
    assert list(berlin.starts(at("2026-10-24"), at("2026-10-27"))) == [
        at("2026-10-24 00:30"),
        at("2026-10-25 00:30"),
        at("2026-10-26 01:30"),
    ]


def test_two_local_times_in_one_gap_are_one_start() -> None:
    twice = made("2026-03-29 02:00", "FREQ=DAILY;BYMINUTE=0,30;COUNT=4", "Europe/Berlin")
    assert first(twice, 9) == ["2026-03-29 03:00", "2026-03-30 02:00", "2026-03-30 02:30"]


def test_what_is_skipped() -> None:
    rule = made(
        "2026-01-01 02:00", "FREQ=DAILY", skipped=("2026-01-02", "2026-01-03T02:00:00", "2026-01-04T03:00:00")
    )
    assert first(rule, 2) == ["2026-01-01 02:00", "2026-01-04 02:00"]


@given(
    st.sampled_from(
        ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,SU", "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=DAILY;BYHOUR=1,2,3"]
    ),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(min_value=0, max_value=700),
    st.integers(min_value=0, max_value=60),
)
@many
def test_any_stretch_of_time_gives_the_same_starts(rule: str, zone: str, day: int, length: int) -> None:
    """Asked for piece by piece or at once, each start comes once, and in order."""
    recurrence = made("2026-01-01 02:30", rule, zone)
    begin, end = at("2026-01-01") + day * 86_400, at("2026-01-01") + (day + length) * 86_400
    whole = list(recurrence.starts(begin, end))
    middle = begin + (end - begin) / 2
    assert whole == [*recurrence.starts(begin, middle), *recurrence.starts(middle, end)]
    assert all(begin < start <= end for start in whole)
    assert all(one < other for one, other in pairwise(whole))
    if whole:
        assert recurrence.next(begin) == whole[0]
        assert list(recurrence.starts(whole[0] - 1, whole[0])) == [whole[0]]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("BYDAY=SU", "has no FREQ"),
        ("FREQ=WEEKY", "did you mean 'WEEKLY'"),
        ("FREQ=HOURLY", "use DAILY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY='XX'"),
        ("FREQ=WEEKLY;BYDAY=2SU", "BYDAY with a number"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY with FREQ=WEEKLY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL='0'"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=20271399", "not understood"),
        ("FREQ=DAILY;BYHOUR=25", "BYHOUR='25'"),
        ("FREQ=DAILY;BYMONTHDAY=32", "BYMONTHDAY='32'"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS alone"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER is not supported"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ twice"),
        ("FREQ=DAILY;BYDAI=MO", "did you mean 'BYDAY'"),
        ("DTSTART:20260101T000000", "use parts of RFC 5545"),
        ("every sunday", "use parts of RFC 5545"),
        ("FREQ=DAILY;" + "BYHOUR=1;" * 99, "characters"),
    ],
)
def test_what_is_no_rule(rule: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match="rule") as caught:
        made("2026-01-01 02:00", rule)
    assert said in str(caught.value)


@given(st.text("FREQ=;DAILYWKUNTBHOS0123456789,-+ZT", max_size=40))
@many
def test_any_text_is_a_rule_or_a_problem(text: str) -> None:
    try:
        rule = made("2026-01-01 02:00", text)
    except InvalidRequest:
        return
    list(rule.starts(at("2026-01-01"), at("2026-02-01")))


def test_zone_and_rule_are_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        made("2026-01-01 02:00", "FREQ=NEVER;COUNT=0", "Europe/Berln")
    assert len(caught.value.problems) == 3


def test_the_shortest_time_between_two_starts() -> None:
    after = at("2026-01-01")
    assert tightest_gap(made("2026-01-01 02:00"), after) is None
    assert tightest_gap(made("2026-01-01 02:00", "FREQ=DAILY;COUNT=1"), after) is None
    assert tightest_gap(made("2026-01-01 02:00", "FREQ=WEEKLY;BYDAY=SA,SU"), after) == 86_400
    # 02:30 winter time is followed by 03:00 summer time, and that by 02:30: half an hour less than a day
    assert tightest_gap(made("2026-01-01 02:30", "FREQ=DAILY", "Europe/Berlin"), after) == 23.5 * 3600


def test_a_rule_that_never_fires_is_found_out() -> None:
    never = made("2026-01-01 02:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert never.next(at("2026-01-01")) is None
    assert made("2026-01-01 02:00", "FREQ=DAILY;COUNT=3").next(at("2026-01-04")) is None


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-12-01", "2026-12-01 25:00", "2026-12-01 02:00+01:00", "02:00"]
)
def test_what_is_no_local_time(text: str) -> None:
    with pytest.raises(InvalidRequest, match="at "):
        parse_local(text, "at")


def test_local_times_and_what_is_skipped() -> None:
    assert parse_local(" 2026-12-01 02:00 ", "at") == datetime.fromisoformat("2026-12-01T02:00")
    assert parse_local("2026-12-01T02:00:30", "at") == datetime.fromisoformat("2026-12-01T02:00:30")
    assert parse_skipped("2026-12-24") == "2026-12-24"
    assert parse_skipped("2026-12-24 02:00") == "2026-12-24T02:00:00"
    with pytest.raises(InvalidRequest, match="except"):
        parse_skipped("christmas")
