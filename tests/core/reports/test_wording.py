"""Values of a report in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.reports.report import Figure
from guard.core.reports.wording import (
    UNKNOWN,
    clock_time,
    counted,
    figure_words,
    harmless,
    iso,
    value_words,
)
from tests.core.strategies import some


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "s", "unknown"),
        (True, "", "yes"),
        (False, "", "no"),
        (0, "", "0"),
        (12345, "", "12\u202f345"),
        (12345, "jobs", "12\u202f345 jobs"),
        (12345.5, "", "12345.5"),
        (2.5, "s", "2.5 s"),
        (59.9, "s", "59.9 s"),
        (60, "s", "1 minute (60 s)"),
        (90.0, "s", "2 minutes (90 s)"),
        (1536, "bytes", "1.5 KiB"),
        (-1536, "bytes", "-1.5 KiB"),
        (0, "bytes", "0 bytes"),
        (0.5, "bytes", "0 bytes"),
        (1, "bytes", "1 byte"),
        (2048, "bytes per day", "2.0 KiB per day"),
        (99.5, "%", "99.5 %"),
        (0.0, "UTC seconds", "1970-01-01 01:00:00 CET"),
        ("a\nb\u202e", "", "a\\u000ab\\u202e"),
        ("", "s", ""),
    ],
)
def test_values_in_words(value: object, unit: str, said: str) -> None:
    assert value_words(value, unit, "Europe/Berlin") == said  # type: ignore[arg-type]


def test_unknown_and_nothing_say_why() -> None:
    unknown = Figure(key="a", title="a", value=None, source="s", why="it is\naway")
    assert figure_words(unknown, "UTC") == "unknown: it is\\u000aaway"
    nothing = Figure(key="a", title="a", value=None, source="s", why="no\nwindow", nothing=True)
    assert figure_words(nothing, "UTC") == "none: no\\u000awindow"
    assert UNKNOWN == "unknown"


def test_a_figure_that_is_known_is_its_value() -> None:
    moment = Figure(key="a", title="a", value=0.0, source="s", unit="UTC seconds")
    assert figure_words(moment, "Europe/Berlin") == "1970-01-01 01:00:00 CET"
    odd = Figure(key="a", title="a", value=7, source="s", nothing=True)
    assert figure_words(odd, "UTC") == "7"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (None, "an unknown number of jobs")],
)
def test_things_are_counted_in_words(number: int | None, said: str) -> None:
    assert counted(number, "job") == said
    assert counted(number, "emergency", "emergencies") == said.replace("jobs", "emergencies").replace(
        "job", "emergency"
    )


def test_a_time_has_its_zone() -> None:
    assert clock_time(1_794_000_000.0, "Europe/Berlin") == "2026-11-06 22:20:00 CET"
    assert iso(1_794_000_000.9) == "2026-11-06T21:20:00Z"


@pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../etc", "/etc/passwd"])
def test_a_zone_that_is_not_here_is_utc(zone: str) -> None:
    assert value_words(0.0, "UTC seconds", zone) == "1970-01-01 00:00:00 UTC"


@some
@given(st.text())
def test_text_of_others_stays_on_its_line(text: str) -> None:
    assert harmless(text).isprintable()
    assert not text.isprintable() or harmless(text) == text
