"""From what a clock on the wall shows to an instant, where clocks are changed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import zones
from guard.core.zones import instant, shown, wall, zone_of
from guard.errors import InvalidRequest
from tests.core.strategies import many

EARLY, LATE = map(datetime.fromisoformat, ("1990-01-01", "2040-01-01"))
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"]


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "2026-12-01 02:00", "2026-12-01 01:00"),
        ("Europe/Berlin", "2026-07-01 02:00", "2026-07-01 00:00"),
        # put forward: 02:00 to 03:00 does not exist, and means 03:00
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 02:59:59", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),  # half an hour
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),  # a day that never was
        # put back: 02:00 to 03:00 exists twice, and means the first
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
    ],
)
def test_an_instant(zone: str, local: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    assert instant(datetime.fromisoformat(local), zone_of(zone)) == expected


@given(
    st.sampled_from(ZONES), st.datetimes(EARLY, LATE).map(
        lambda moment: moment.replace(microsecond=0)
    )
)  # fmt: skip
@many
def test_no_instant_is_before_what_the_clock_showed_and_none_later_than_it_must_be(
    zone_name: str, local: datetime
) -> None:
    zone = zone_of(zone_name)
    found = wall(instant(local, zone), zone)
    assert found >= local
    if found != local:  # in a gap: a second earlier the clock showed less than what was asked for
        assert wall(instant(local, zone) - 1, zone) < local


@given(st.sampled_from(ZONES), st.datetimes(EARLY, LATE))
@many
def test_what_is_later_on_the_wall_is_never_earlier(zone_name: str, local: datetime) -> None:
    zone = zone_of(zone_name)
    assert instant(local, zone) <= instant(local + timedelta(minutes=17), zone)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("Europe/Berln", "did you mean 'Europe/Berlin'"),
        ("Europe", "IANA"),
        ("", "IANA"),
        ("../../etc/passwd", "IANA"),
        ("/etc/localtime", "IANA"),
        ("localtime", "is unknown"),
        ("x" * 300, "IANA"),
        ("Europe/Berlin\x00", "IANA"),
    ],
)
def test_a_zone_that_is_unknown(wrong: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match="is unknown") as caught:
        zone_of(wrong)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_time_is_shown_in_its_zone_and_in_utc() -> None:
    start = datetime(2026, 12, 1, 23, 0, tzinfo=UTC).timestamp()
    assert shown(start, "UTC") == "2026-12-01 23:00 UTC"
    assert shown(start, "Europe/Berlin") == "2026-12-02 00:00 Europe/Berlin (2026-12-01 23:00 UTC)"
    assert shown(start + 7205, "Europe/London") == "2026-12-02 01:00:05 Europe/London (01:00:05 UTC)"
    assert shown(start + 7205, "UTC") == "2026-12-02 01:00:05 UTC"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("Europe/Berln", "zone 'Europe/Berln' is unknown (did you mean 'Europe/Berlin'?): "),
        ("posixrules", "zone 'posixrules' is unknown: "),
        ("x" * 61, f"zone '{'x' * 60}' is unknown: "),
        ("1Europe/Berlin", "zone '1Europe/Berlin' is unknown (did you mean 'Europe/Berlin'?): "),
        (7, "zone '7' is unknown: "),
    ],
)
def test_what_is_said_of_a_zone_that_is_unknown(wrong: Any, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        zone_of(wrong)
    assert str(caught.value) == said + "use a name of the IANA database, such as Europe/Berlin or UTC"


def test_a_machine_without_a_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in words, and UTC needs none."""
    monkeypatch.setattr(zones, "available_timezones", set)
    assert zone_of("UTC") is UTC
    with pytest.raises(InvalidRequest) as caught:
        zone_of("y" * 61)
    assert str(caught.value) == (
        f"zone '{'y' * 60}' cannot be looked up: this machine has no time zone database; install tzdata"
    )


def test_a_name_of_the_longest_and_of_one_letter() -> None:
    for name in ("x" * 60, "x"):
        with pytest.raises(InvalidRequest, match="is unknown"):
            zone_of(name)
    assert zone_of("GB") == ZoneInfo("GB")


@pytest.mark.parametrize("name", [".", "..", "./GB", "GB/", "+VERSION", "tzdata.zi", "zone.tab", "posix"])
def test_what_lies_beside_the_zones_is_none(name: str) -> None:
    with pytest.raises(InvalidRequest, match="is unknown"):
        zone_of(name)


def test_only_a_name_of_some_length_is_compared_with_others() -> None:
    longest = "America/Argentina/ComodRivadavia"
    for extra, near in ((28, True), (29, False)):
        with pytest.raises(InvalidRequest) as caught:
            zone_of(longest + "x" * extra)
        assert ("did you mean" in str(caught.value)) is near


def test_each_second_of_a_gap_means_its_end() -> None:
    start, end = (datetime.fromisoformat(f"2026-03-29 {hour}:00") for hour in ("02", "03"))
    for second in range(0, 3600, 7):
        assert instant(start + timedelta(seconds=second), zone_of("Europe/Berlin")) == instant(
            end, zone_of("Europe/Berlin")
        )


def test_the_zone_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        local = datetime.fromisoformat("2026-10-25 02:30")
        assert (
            instant(local, zone_of("America/New_York"))
            == datetime(2026, 10, 25, 6, 30, tzinfo=UTC).timestamp()
        )
        gap = datetime.fromisoformat("2026-03-29 02:30")
        assert instant(gap, UTC) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC).timestamp()
        assert shown(0.0, "UTC") == "1970-01-01 00:00 UTC"
        assert shown(0.0, "Asia/Tokyo") == "1970-01-01 09:00 Asia/Tokyo (00:00 UTC)"
        assert wall(0.0, UTC) == datetime.fromisoformat("1970-01-01")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("error", [ValueError, OSError, LookupError])
def test_what_a_file_that_is_no_zone_raises_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def unreadable(name: str) -> ZoneInfo:
        raise error(name)

    monkeypatch.setattr(zones, "ZoneInfo", unreadable)
    with pytest.raises(InvalidRequest, match="is unknown"):
        zone_of("Europe/Berlin")


def test_fractions_and_the_second_of_two_local_times() -> None:
    berlin = zone_of("Europe/Berlin")
    twice = datetime.fromisoformat("2026-10-25 02:30:00.25")
    assert instant(twice, berlin) == instant(twice.replace(fold=1), berlin)
    assert instant(twice, berlin) == datetime(2026, 10, 25, 0, 30, 0, 250_000, tzinfo=UTC).timestamp()
    in_a_gap = datetime.fromisoformat("2026-03-29 02:30:00.25")
    assert instant(in_a_gap, berlin) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC).timestamp()


def test_the_clock_on_the_wall_tells_no_fold() -> None:
    berlin = zone_of("Europe/Berlin")
    second = wall(datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp(), berlin)
    assert (second, second.fold, second.tzinfo) == (datetime.fromisoformat("2026-10-25 02:30"), 0, None)
