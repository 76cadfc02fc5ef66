"""Times of routines: what is accepted, and when they are, over both changes of the clock."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.appointments import (
    LAST,
    WEEKDAYS,
    Every,
    LocalTime,
    instant_of,
    last_due,
    next_due,
    parse_when,
)
from guard.errors import InvalidRequest
from tests.core.strategies import many

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Havana",
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
times = st.builds(
    LocalTime,
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    weekday=st.integers(0, 6),
    nth=st.sampled_from([None, 1, 2, 3, 4, -1]),
) | st.builds(LocalTime, hour=st.integers(0, 23), minute=st.integers(0, 59))
moments = st.integers(946_684_800, 2_524_608_000)
"""The years 2000 to 2050."""


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:00", LocalTime(hour=8, minute=0)),
        ("8:00", LocalTime(hour=8, minute=0)),
        (" 23:59 ", LocalTime(hour=23, minute=59)),
        ("sun 02:00", LocalTime(hour=2, minute=0, weekday=6)),
        ("Mon 09:30", LocalTime(hour=9, minute=30, weekday=0)),
        ("mon#1 10:00", LocalTime(hour=10, minute=0, weekday=0, nth=1)),
        ("fri#last 17:30", LocalTime(hour=17, minute=30, weekday=4, nth=-1)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_what_is_understood(text: str, expected: LocalTime | None) -> None:
    assert parse_when(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "24:00",
        "08:60",
        "08.00",
        "monday 09:00",
        "mo 09:00",
        "xyz 09:00",
        "mon#0 09:00",
        "mon#5 09:00",
        "mon# 09:00",
        "mon#1",
        "mon 09:00 tue",
        "#1 09:00",
        "1-5#2 09:00",
        "0 9 * * 1",
        "mon#1 9:0",
        "-1:00",
        "\u0660\u0668:00",
        "08:00\n09:00",
        "never",
        "mon#lastt 10:00",
        "mon09:00",
    ],
)
def test_what_is_not_understood_is_said_with_what_would_be(text: str) -> None:
    with pytest.raises(InvalidRequest, match="give a local time such as '08:00'"):
        parse_when(text)


@given(times)
@many
def test_what_is_shown_is_understood(when: LocalTime) -> None:
    assert parse_when(str(when)) == when


@given(st.text(max_size=12))
@many
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        when = parse_when(text)
    except InvalidRequest:
        return
    assert when is None or 0 <= when.hour < 24


# Each by hand, from the zones' own announcements.
@pytest.mark.parametrize(
    ("zone", "day", "clock", "expected"),
    [
        ("Europe/Berlin", date(2026, 6, 1), "08:00", "2026-06-01 06:00"),
        ("Europe/Berlin", date(2026, 12, 1), "08:00", "2026-12-01 07:00"),
        # the clock is put forward from 02:00 to 03:00, at 01:00 UTC
        ("Europe/Berlin", date(2026, 3, 29), "01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", date(2026, 3, 29), "02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", date(2026, 3, 29), "02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", date(2026, 3, 29), "03:00", "2026-03-29 01:00"),
        ("Europe/Berlin", date(2026, 3, 29), "03:01", "2026-03-29 01:01"),
        # it is put back from 03:00 to 02:00, at 01:00 UTC: 02:30 comes at 00:30 and at 01:30
        ("Europe/Berlin", date(2026, 10, 25), "02:30", "2026-10-25 00:30"),
        ("Europe/Berlin", date(2026, 10, 25), "03:00", "2026-10-25 02:00"),
        ("America/New_York", date(2026, 3, 8), "02:30", "2026-03-08 07:00"),
        ("America/New_York", date(2026, 11, 1), "01:30", "2026-11-01 05:30"),
        # half an hour: from 02:00 to 02:30 in October, from 02:00 to 01:30 in April
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:15", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "01:45", "2026-04-04 14:45"),
        # the clock is put forward at midnight: the date has no 00:30
        ("America/Havana", date(2026, 3, 8), "00:30", "2026-03-08 05:00"),
        # a date that this island never had
        ("Pacific/Apia", date(2011, 12, 30), "08:00", "2011-12-30 10:00"),
    ],
)
def test_the_instant_of_a_local_time(zone: str, day: date, clock: str, expected: str) -> None:
    hour, minute = map(int, clock.split(":"))
    assert instant_of(day, hour, minute, ZoneInfo(zone)) == utc(expected)


@pytest.mark.parametrize(
    ("text", "now", "last", "following"),
    [
        ("08:00", "2026-11-21 07:59:59", "2026-11-20 08:00", "2026-11-21 08:00"),
        ("08:00", "2026-11-21 08:00:00", "2026-11-21 08:00", "2026-11-22 08:00"),
        ("sun 02:00", "2026-11-21 12:00", "2026-11-15 02:00", "2026-11-22 02:00"),
        ("mon#1 10:00", "2026-06-01 09:00", "2026-05-04 10:00", "2026-06-01 10:00"),
        ("mon#1 10:00", "2026-06-30 09:00", "2026-06-01 10:00", "2026-07-06 10:00"),
        ("mon#2 10:00", "2026-01-01 00:00", "2025-12-08 10:00", "2026-01-12 10:00"),
        ("fri#last 17:00", "2026-04-30 00:00", "2026-04-24 17:00", "2026-05-29 17:00"),
        ("fri#last 17:00", "2026-12-31 00:00", "2026-12-25 17:00", "2027-01-29 17:00"),
        ("sun#last 00:00", "2024-02-28 00:00", "2024-02-25 00:00", "2024-03-31 00:00"),
    ],
)
def test_the_last_time_and_the_next(text: str, now: str, last: str, following: str) -> None:
    when = parse_when(text)
    assert when is not None
    assert last_due(when, UTC, utc(now)) == utc(last)
    assert next_due(when, UTC, utc(now)) == utc(following)


@pytest.mark.parametrize(
    ("text", "zone", "now", "last", "following"),
    [
        ("08:00", "Europe/Berlin", "2026-06-01 06:00", "2026-06-01 06:00", "2026-06-02 06:00"),
        ("08:00", "Europe/Berlin", "2026-06-01 05:59", "2026-05-31 06:00", "2026-06-01 06:00"),
        ("00:30", "Europe/Berlin", "2026-12-01 23:30", "2026-12-01 23:30", "2026-12-02 23:30"),
        ("mon 00:30", "Asia/Kathmandu", "2026-11-22 19:00", "2026-11-22 18:45", "2026-11-29 18:45"),
        ("mon#1 00:30", "Asia/Kathmandu", "2026-11-01 18:00", "2026-10-04 18:45", "2026-11-01 18:45"),
    ],
)
def test_the_last_time_and_the_next_by_the_clocks_of_a_zone(
    text: str, zone: str, now: str, last: str, following: str
) -> None:
    when = parse_when(text)
    assert when is not None
    assert last_due(when, ZoneInfo(zone), utc(now)) == utc(last)
    assert next_due(when, ZoneInfo(zone), utc(now)) == utc(following)


@pytest.mark.parametrize(
    ("machine", "zone", "now", "last", "following"),
    [
        # on this machine it is two days later, and two days earlier
        ("Pacific/Kiritimati", "Pacific/Niue", "2026-06-02 10:30", "2026-06-01 10:45", "2026-06-02 10:45"),
        ("Pacific/Niue", "Pacific/Kiritimati", "2026-06-02 10:50", "2026-06-02 09:45", "2026-06-03 09:45"),
    ],
)
def test_the_zone_of_the_machine_does_not_matter(
    machine: str, zone: str, now: str, last: str, following: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        when = LocalTime(hour=23, minute=45)
        assert last_due(when, ZoneInfo(zone), utc(now)) == utc(last)
        assert next_due(when, ZoneInfo(zone), utc(now)) == utc(following)
    finally:
        monkeypatch.undo()
        time.tzset()


@given(times, zones, moments)
@many
def test_the_last_is_not_later_the_next_is_and_nothing_lies_between(
    when: LocalTime, zone: ZoneInfo, now: float
) -> None:
    last, following = last_due(when, zone, now), next_due(when, zone, now)
    assert last <= now < following
    assert last_due(when, zone, following) == following
    assert last_due(when, zone, following - 1) == last
    assert following - last <= when.period + 7 * 86_400 + 7200
    shown = datetime.fromtimestamp(last, zone)
    if when.weekday is not None and shown.hour == when.hour:
        assert WEEKDAYS[shown.weekday()] == str(when)[:3]


@given(zones, moments, st.integers(0, 23), st.integers(0, 59))
@many
def test_a_local_time_is_shown_at_its_instant_or_the_clock_jumped_over_it(
    zone: ZoneInfo, moment: float, hour: int, minute: int
) -> None:
    day = datetime.fromtimestamp(moment, zone).date()
    instant = instant_of(day, hour, minute, zone)
    shown = datetime.fromtimestamp(instant, zone)
    wanted = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - what a clock shows
    if shown.replace(tzinfo=None) == wanted:
        assert shown.fold == 0
    else:
        just_before = datetime.fromtimestamp(instant - 1, UTC).astimezone(zone).replace(tzinfo=None)
        assert just_before < wanted < shown.replace(tzinfo=None)
        assert shown.replace(tzinfo=None) - just_before > timedelta(minutes=20)


def test_how_it_is_shown() -> None:
    assert str(Every(seconds=30)) == "every 30 s"
    assert [Every(seconds=30).period, LocalTime(hour=8, minute=0).period] == [30, 86_400]


def test_periods_are_nominal() -> None:
    assert LocalTime(hour=8, minute=0, weekday=0).period == 7 * 86_400
    assert LocalTime(hour=8, minute=0, weekday=0, nth=1).period == 31 * 86_400
    assert Every(seconds=0.5).period == 0.5


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        (LocalTime(hour=8, minute=5), "08:05"),
        (LocalTime(hour=23, minute=0, weekday=6), "sun 23:00"),
        (LocalTime(hour=0, minute=9, weekday=1, nth=3), "tue#3 00:09"),
        (LocalTime(hour=10, minute=0, weekday=4, nth=LAST), "fri#last 10:00"),
    ],
)
def test_how_a_local_time_is_shown(when: LocalTime, shown: str) -> None:
    assert str(when) == shown
    assert (LAST, WEEKDAYS) == (-1, ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def test_what_is_not_understood_is_said_to_its_fortieth_character() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_when("x" * 41)
    assert str(refused.value) == (
        f"the time {'x' * 40!r} is not understood: give a local time such as '08:00', with a day of the"
        " week 'sun 02:00', with which one of the month 'mon#1 10:00' (#1 to #4 or #last), or 'off'"
    )


@pytest.mark.parametrize(("nth", "day"), [(1, "06"), (2, "13"), (3, "20"), (4, "27"), (LAST, "27")])
def test_each_one_of_a_month(nth: int, day: str) -> None:
    when = LocalTime(hour=0, minute=0, weekday=0, nth=nth)
    assert next_due(when, UTC, utc("2026-04-01")) == utc(f"2026-04-{day}")
    assert last_due(when, UTC, utc("2026-04-30")) == utc(f"2026-04-{day}")


def test_the_end_of_a_gap_is_found_to_the_second_wherever_it_is() -> None:
    """The clocks of Troll jump two hours."""
    assert instant_of(date(2026, 3, 29), 1, 59, ZoneInfo("Antarctica/Troll")) == utc("2026-03-29 01:00")
    assert instant_of(date(2026, 3, 29), 2, 59, ZoneInfo("Antarctica/Troll")) == utc("2026-03-29 01:00")
    assert instant_of(date(2026, 3, 29), 3, 0, ZoneInfo("Antarctica/Troll")) == utc("2026-03-29 01:00")


def test_the_year_ends_in_december() -> None:
    last = LocalTime(hour=0, minute=0, weekday=3, nth=LAST)
    assert next_due(last, UTC, utc("2026-12-01")) == utc("2026-12-31")
    assert next_due(last, UTC, utc("2026-12-31")) == utc("2027-01-28")
    assert last_due(last, UTC, utc("2027-01-01")) == utc("2026-12-31")
