"""When a plan begins: rules of RFC 5545 on the clock of a zone, and those that are none."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import recurrence
from guard.core.recurrence import LOOK_YEARS, Recurrence, parse_local, parse_skipped, tightest_gap
from guard.core.zones import wall, zone_of
from guard.errors import InvalidRequest
from tests.core.strategies import many
from tests.core.wording import is_worded
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


@pytest.mark.parametrize(
    ("part", "least", "most"),
    [
        ("INTERVAL", "1", "999"), ("COUNT", "1", "9999"), ("BYMONTH", "1", "12"), ("BYHOUR", "0", "23"),
        ("BYMINUTE", "0", "59"), ("BYMONTHDAY", "1", "31"), ("BYMONTHDAY", "-31", "+31"),
        ("BYYEARDAY", "1", "366"), ("BYYEARDAY", "-366", "+366"), ("BYWEEKNO", "1", "53"),
        ("BYWEEKNO", "-53", "+53"), ("BYSETPOS", "-366", "366"),
    ],
)  # fmt: skip
def test_numbers_of_a_part(part: str, least: str, most: str) -> None:
    """The ends and what is just outside of them."""
    extra = ";BYDAY=MO,TU,WE,TH,FR,SA,SU" if part == "BYSETPOS" else ""
    outside = {str(abs(int(most)) + 1), "", "1,", ",1", "1,,2", "x"}
    outside |= {"0"} if least != "0" else {"-1"}
    for value in (least, most, *([] if part in {"INTERVAL", "COUNT"} else [f"{least},{most}"])):
        assert made("2026-01-01 02:00", f"FREQ=YEARLY;{part}={value}{extra}").rule
    for value in sorted(outside):
        with pytest.raises(InvalidRequest, match=f"rule has {part}="):
            made("2026-01-01 02:00", f"FREQ=YEARLY;{part}={value}{extra}")


@pytest.mark.parametrize(
    "rule",
    [
        "BYDAY=SU",
        "FREQ=WEEKY",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=2SU",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=2027",
        "FREQ=YEARLY;BYMONTH=0",
        "FREQ=YEARLY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYYEARDAY=0",
        "FREQ=YEARLY;BYWEEKNO=0",
        "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=0",
        "FREQ=DAILY;BYHOUR=25",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;WKST=XX",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=DAILY;BYSECOND=1",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;BYDAI=MO",
        "DTSTART:20260101T000000",
        "every sunday",
        "FREQ=DAILY;" + "BYHOUR=1;" * 99,
        "FREQ=DAILY;" + "X" * 40,
        "FREQ=DAILY;BYHOUR=" + "9" * 40,
        "FREQ=WEEKLY;BYWEEKNO=1;BYYEARDAY=1",
        "FREQ=DAILY;BYWEEKNO=1",
        "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
    ],
)
def test_what_is_no_rule_in_these_words(rule: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        made("2026-01-01 02:00", rule)
    for problem in caught.value.problems:
        is_worded("recurrence", problem)


@pytest.mark.parametrize("day", ["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
def test_each_day(day: str) -> None:
    assert first(made("2026-01-01 02:00", f"FREQ=MONTHLY;BYDAY=1{day};WKST={day}"), 1)
    assert len(first(made("2026-01-01 02:00", f"FREQ=WEEKLY;BYDAY={day}"), 3)) == 3


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=MONTHLY;BYMONTHDAY=3",
        "FREQ=DAILY;BYMONTHDAY=3",
    ],
)
def test_what_may_be_combined(rule: str) -> None:
    assert len(first(made("2026-01-01 02:00", rule), 2)) == 2


def test_the_longest_rule() -> None:
    rule = f"FREQ=DAILY;BYHOUR={'23,' * 93}1,1"
    assert len(rule) == 300
    assert made("2026-01-01 02:00", rule).rule == rule
    with pytest.raises(InvalidRequest, match="rule has 302 characters: at most 300 are allowed"):
        made("2026-01-01 02:00", rule + ",1")


def test_a_rule_is_kept_in_capitals_and_without_its_name() -> None:
    assert made("2026-01-01 02:00", " rrule:freq=daily; ").rule == "FREQ=DAILY"
    once = made("2026-01-01 02:00")
    assert (once.rule, once.zone, once.skipped) == ("", "UTC", ())


def test_it_begins_and_ends_to_the_second() -> None:
    daily = made("2026-01-01 02:00", "FREQ=DAILY")
    start = at("2026-01-02 02:00")
    assert list(daily.starts(start, start)) == []
    assert list(daily.starts(start - 1, start)) == [start]
    assert list(daily.starts(start, start + 86_399)) == []
    assert daily.next(start) == start + 86_400
    assert daily.next(start - 0.5) == start
    assert daily.next(0.0) == daily.next(-5.0) == at("2026-01-01 02:00")


def test_how_far_is_looked() -> None:
    assert LOOK_YEARS == 9
    rare = made("2026-01-01 02:00", "FREQ=YEARLY;INTERVAL=10")
    after = at("2036-01-01 02:00") - 9 * 366 * 86_400
    assert rare.next(after) == at("2036-01-01 02:00")
    assert rare.next(after - 1) is None
    leap = made("2096-02-29 02:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
    assert leap.next(at("2096-03-01")) == at("2104-02-29 02:00"), "2100 has none"


def test_of_what_begins_later_it_is_looked_from_its_own_beginning_on() -> None:
    """The first six of every 549 days are excepted: the seventh is just within nine years."""
    far = made(
        "2030-01-01 02:00", "FREQ=DAILY;INTERVAL=549;BYHOUR=2", "Pacific/Pago_Pago",
        skipped=("2030-01-01", "2031-07-04", "2033-01-03", "2034-07-06", "2036-01-06", "2037-07-08"),
    )  # fmt: skip
    assert far.next(at("2026-01-01")) == at("2039-01-08 02:00", "Pacific/Pago_Pago")


def test_the_year_is_that_of_the_clocks_of_the_zone() -> None:
    east = made("2026-01-01 00:30", "FREQ=DAILY", "Pacific/Kiritimati")
    assert list(east.starts(at("2026-12-31 10:00"), at("2026-12-31 12:00"))) == [at("2026-12-31 10:30")]


def test_what_it_is_where_nothing_was_said() -> None:
    start = datetime.fromisoformat("2026-01-01 02:00")
    assert Recurrence(start=start) == Recurrence(start=start, zone="UTC", rule="", skipped=())


def test_what_may_not_be_combined_is_told_in_order() -> None:
    with pytest.raises(InvalidRequest) as caught:
        made("2026-01-01 02:00", "FREQ=WEEKLY;BYMONTHDAY=1;BYYEARDAY=1;BYWEEKNO=1")
    assert caught.value.problems == (
        "rule has BYWEEKNO with FREQ=WEEKLY",
        "rule has BYYEARDAY with FREQ=WEEKLY",
        "rule has BYMONTHDAY with FREQ=WEEKLY",
    )


def test_a_part_has_its_name_before_the_first_sign() -> None:
    with pytest.raises(InvalidRequest, match=r"^rule has FREQ='DAILY=X' "):
        made("2026-01-01 02:00", "FREQ=DAILY=X")
    with pytest.raises(InvalidRequest, match=r"^rule has BYDAY='WEEKY': use MO,"):
        made("2026-01-01 02:00", "FREQ=DAILY;BYDAY=WEEKY")


@pytest.mark.parametrize("error", [ValueError, TypeError, OverflowError])
def test_what_cannot_be_counted_is_a_problem(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error("e" * 99)

    monkeypatch.setattr(recurrence, "rrulestr", refused)
    rule = f"FREQ=DAILY;BYHOUR={'1,' * 40}2"
    with pytest.raises(InvalidRequest) as caught:
        made("2019-01-01 02:00", rule)
    assert caught.value.problems == (f"rule {rule[:60]!r} is not understood: {'e' * 80}",)


def test_a_year_is_counted_to_know_whether_it_can_be() -> None:
    assert made("9998-01-01 02:00", "FREQ=DAILY;COUNT=1").rule
    with pytest.raises(InvalidRequest, match=r"is not understood: .*10000"):
        made("9999-01-01 02:00", "FREQ=DAILY;COUNT=1")


def test_until_is_local_and_to_its_end() -> None:
    late = made("2026-01-01 23:59:30", "FREQ=DAILY;UNTIL=20260102")
    assert len(first(late, 9)) == 2
    west = made("2026-01-01 02:00", "FREQ=DAILY;UNTIL=20260103T020000", "America/New_York")
    assert len(first(west, 9)) == 3


def test_a_day_that_is_excepted_and_its_zone() -> None:
    berlin = made("2026-01-01 00:30", "FREQ=DAILY", "Europe/Berlin", skipped=("2026-01-02",))
    assert first(berlin, 2) == ["2026-01-01 00:30", "2026-01-03 00:30"]
    east = made("2026-01-01 00:30", "FREQ=DAILY", "Pacific/Kiritimati")
    assert list(east.starts(at("2026-01-01"), at("2026-01-02"))) == [at("2026-01-01 10:30")]


def test_the_tightest_gap_and_how_many_are_looked_at() -> None:
    after = at("2026-01-01")
    two = made("2026-01-01 02:00", "FREQ=DAILY;COUNT=2")
    assert tightest_gap(two, after) == 86_400
    assert tightest_gap(two, after, most=1) is None
    assert tightest_gap(two, at("2027-01-01")) is None
    uneven = made("2026-01-01 02:00", "FREQ=MONTHLY")
    assert tightest_gap(uneven, after, most=2) == 31 * 86_400
    assert tightest_gap(uneven, after, most=3) == 28 * 86_400
    yearly = made("2026-01-01 02:00", "FREQ=YEARLY;INTERVAL=6")
    assert tightest_gap(yearly, after) is None, "five years are looked at"
    days = ("2026-01-01", "2028-07-04", "2031-01-05")  # 915 days each from the one before
    for left, gap in (("02:00:00", 5 * 366 * 86_400), ("02:01:00", None)):
        excepted = {f"{day}T{time}" for day in days for time in ("02:00:00", "02:01:00")}
        excepted -= {f"{days[0]}T02:00:00", f"{days[2]}T{left}"}
        twice = made(
            "2026-01-01 02:00", "FREQ=DAILY;INTERVAL=915;BYMINUTE=0,1", skipped=tuple(sorted(excepted))
        )
        assert tightest_gap(twice, after) == gap


def test_four_hundred_starts_are_looked_at() -> None:
    """Between the 400th and the 401st the clocks are put forward."""
    berlin = made("2026-09-09 13:00", "FREQ=DAILY;BYHOUR=1,13", "Europe/Berlin")
    after = at("2026-09-09")
    assert tightest_gap(berlin, after) == 12 * 3600
    assert tightest_gap(berlin, after, most=401) == 11 * 3600


@pytest.mark.parametrize("text", ["tomorrow", "2026-12-01", "2026-12-01 02:00+01:00", "x" * 50])
def test_what_is_no_local_time_in_these_words(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_local(text, "at")
    is_worded("recurrence", *caught.value.problems)


def test_a_text_with_an_offset_is_cut() -> None:
    text = f"{' ' * 20}2026-12-01 02:00+01:00"
    with pytest.raises(InvalidRequest) as caught:
        parse_local(text, "at")
    assert caught.value.problems[0].startswith(f"at {text[:40]!r} has an offset")


@pytest.mark.parametrize("text", ["christmas", "2026-12-01 02:00+01:00", "x" * 50])
def test_what_cannot_be_excepted_in_these_words(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_skipped(text)
    is_worded("recurrence", *caught.value.problems)


def test_fractions_and_spaces() -> None:
    assert parse_local("2026-12-01T02:00:30.5", "at") == datetime.fromisoformat("2026-12-01T02:00:30")
    assert parse_local("2026-12-01T02", "at") == datetime.fromisoformat("2026-12-01T02:00")
    assert parse_skipped(" 2026-12-24 02:00:30.5 ") == "2026-12-24T02:00:30"
    assert parse_skipped(" 2026-12-24 ") == "2026-12-24"


def test_until_in_utc_is_an_instant_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        rule = made("2026-05-01 02:00", "FREQ=DAILY;UNTIL=20260503T010000Z", "Europe/Berlin")
        assert len(first(rule, 9)) == 3
        assert rule.next(at("2026-05-01 00:00")) == at("2026-05-02 00:00")
    finally:
        monkeypatch.undo()
        time.tzset()
