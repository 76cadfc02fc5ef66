"""Calendar periods by the clocks of a zone, and how a plot cuts them."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.reports.periods import (
    LONGEST_SECONDS,
    buckets,
    date_of,
    last_month,
    last_week,
    period_between,
    subject_of,
)
from guard.core.reports.report import Period
from guard.errors import InvalidRequest
from tests.core.strategies import some

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = 3600.0, 86_400.0


def at(*when: int, zone: ZoneInfo = BERLIN) -> float:
    return datetime(*when, tzinfo=zone).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("now", "first", "end", "subject"),
    [
        ((2026, 11, 16, 9), (2026, 11, 9), (2026, 11, 16), "2026-11-09..2026-11-15"),
        ((2026, 11, 16), (2026, 11, 9), (2026, 11, 16), "2026-11-09..2026-11-15"),
        ((2026, 11, 15, 23, 59), (2026, 11, 2), (2026, 11, 9), "2026-11-02..2026-11-08"),
        ((2026, 11, 22, 23, 59), (2026, 11, 9), (2026, 11, 16), "2026-11-09..2026-11-15"),
        ((2027, 1, 6), (2026, 12, 28), (2027, 1, 4), "2026-12-28..2027-01-03"),
    ],
)
def test_the_last_week_is_from_monday_to_sunday(
    now: tuple[int, ...], first: tuple[int, ...], end: tuple[int, ...], subject: str
) -> None:
    week = last_week(at(*now), BERLIN)
    assert week == Period(start=at(*first), end=at(*end), zone="Europe/Berlin")
    assert subject_of(week, BERLIN) == subject


def test_a_week_in_which_the_clocks_are_put_back_has_an_hour_more() -> None:
    assert last_week(at(2026, 10, 28), BERLIN).seconds == 7 * DAY + HOUR
    assert last_week(at(2026, 4, 1), BERLIN).seconds == 7 * DAY - HOUR


@pytest.mark.parametrize(
    ("now", "first", "end"),
    [
        ((2027, 1, 1), (2026, 12, 1), (2027, 1, 1)),
        ((2027, 1, 31, 23, 59), (2026, 12, 1), (2027, 1, 1)),
        ((2026, 12, 31, 23, 59), (2026, 11, 1), (2026, 12, 1)),
        ((2028, 3, 2), (2028, 2, 1), (2028, 3, 1)),
    ],
)
def test_the_last_month_is_a_whole_one(
    now: tuple[int, ...], first: tuple[int, ...], end: tuple[int, ...]
) -> None:
    month = last_month(at(*now), BERLIN)
    assert month == Period(start=at(*first), end=at(*end), zone="Europe/Berlin")


def test_a_date_is_that_of_the_clocks_of_the_zone() -> None:
    moment = at(2026, 11, 16, 23, 30, zone=ZoneInfo("UTC"))
    assert date_of(moment, ZoneInfo("UTC")) == date(2026, 11, 16)
    assert date_of(moment, BERLIN) == date(2026, 11, 17)
    assert date_of(moment, ZoneInfo("America/New_York")) == date(2026, 11, 16)


def test_days_that_are_asked_for_are_both_counted() -> None:
    period = period_between(date(2026, 11, 1), date(2026, 11, 2), BERLIN)
    assert period == Period(start=at(2026, 11, 1), end=at(2026, 11, 3), zone="Europe/Berlin")
    assert subject_of(period, BERLIN) == "2026-11-01..2026-11-02"
    more = Period(start=at(2026, 11, 1), end=at(2026, 11, 3) + 1)
    assert subject_of(more, BERLIN) == "2026-11-01..2026-11-03"


def test_a_time_that_is_too_long_or_backwards_is_refused() -> None:
    assert LONGEST_SECONDS == 366 * 86_400
    with pytest.raises(InvalidRequest, match=r"^the period is too long: a report is about 366 days at most$"):
        period_between(date(2025, 1, 1), date(2026, 1, 2), BERLIN)
    with pytest.raises(InvalidRequest, match="ends before"):
        period_between(date(2025, 1, 2), date(2025, 1, 1), BERLIN)
    assert period_between(date(2024, 1, 1), date(2024, 12, 31), BERLIN).seconds == 366 * DAY
    # between the change of one spring and that of the next there are more hours than there are days
    long = period_between(date(2029, 3, 26), date(2030, 3, 26), BERLIN)
    assert long.seconds == 366 * DAY + HOUR


# -- plots ---------------------------------------------------------------------------------------


def names(first: date, last: date) -> list[str]:
    return [name for name, _, _ in buckets(period_between(first, last, BERLIN), BERLIN)]


def test_a_short_time_is_cut_by_days_of_the_week() -> None:
    period = period_between(date(2026, 11, 8), date(2026, 11, 9), BERLIN)
    assert buckets(period, BERLIN) == [
        ("Sun 8", at(2026, 11, 8), at(2026, 11, 9)),
        ("Mon 9", at(2026, 11, 9), at(2026, 11, 10)),
    ]
    assert names(date(2026, 11, 1), date(2026, 11, 8))[-1] == "Sun 8"


def test_a_longer_one_by_days_of_the_month() -> None:
    nine = names(date(2026, 11, 1), date(2026, 11, 9))
    assert (len(nine), nine[0], nine[-1]) == (9, "1 Nov", "9 Nov")
    most = names(date(2026, 11, 1), date(2026, 12, 5))
    assert (len(most), most[-1]) == (35, "5 Dec")
    more = Period(start=at(2026, 11, 1), end=at(2026, 11, 9) + 1)
    assert buckets(more, BERLIN)[-1] == ("9 Nov", at(2026, 11, 9), at(2026, 11, 9) + 1)


def test_a_long_one_by_weeks_of_the_calendar() -> None:
    period = period_between(date(2026, 11, 30), date(2027, 1, 4), BERLIN)
    assert buckets(period, BERLIN) == [
        ("26W49", at(2026, 11, 30), at(2026, 12, 7)),
        ("26W50", at(2026, 12, 7), at(2026, 12, 14)),
        ("26W51", at(2026, 12, 14), at(2026, 12, 21)),
        ("26W52", at(2026, 12, 21), at(2026, 12, 28)),
        ("26W53", at(2026, 12, 28), at(2027, 1, 4)),
        ("27W01", at(2027, 1, 4), at(2027, 1, 5)),
    ]
    more = Period(start=at(2026, 11, 2), end=at(2026, 12, 7) + 1)
    assert [name for name, _, _ in buckets(more, BERLIN)] == [f"26W{week}" for week in range(45, 51)]


def test_a_time_that_begins_within_a_day_is_cut_at_midnight() -> None:
    period = Period(start=at(2026, 11, 8, 22), end=at(2026, 11, 9, 3))
    assert buckets(period, BERLIN) == [
        ("Sun 8", at(2026, 11, 8, 22), at(2026, 11, 9)),
        ("Mon 9", at(2026, 11, 9), at(2026, 11, 9, 3)),
    ]


@some
@given(
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(0, 365),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut"]),
)
def test_a_plot_cuts_a_time_without_gap_or_overlap(first: date, days: int, name: str) -> None:
    zone = ZoneInfo(name)
    period = period_between(first, date.fromordinal(first.toordinal() + days), zone)
    cuts = buckets(period, zone)
    assert cuts[0][1] == period.start
    assert cuts[-1][2] == period.end
    assert all(one[2] == following[1] for one, following in itertools.pairwise(cuts))
    assert len({name for name, _, _ in cuts}) == len(cuts)
    assert len(cuts) <= 54
