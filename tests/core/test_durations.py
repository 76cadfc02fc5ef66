"""Durations: what people write, and how they are told."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.durations import LONGEST_SECONDS, humanize, parse_duration, parse_durations
from guard.errors import InvalidRequest
from tests.core.strategies import many

_HOW = "give whole seconds (5400) or units from large to small (1h30m, 90m, 2h, 1d)"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5400", 5400),
        ("90m", 5400),
        ("1h30m", 5400),
        ("2h", 7200),
        ("1d", 86_400),
        ("7d", LONGEST_SECONDS),
        ("1d2h3m4s", 93_784),
        (" 45M ", 2700),
        ("007", 7),
        ("0h5m", 300),
        ("604800", LONGEST_SECONDS),
        ("1", 1),
        ("1s", 1),
        ("000000001", 1),
        ("000001d", 86_400),
    ],
)
def test_understood(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "m", "0", "0m", "-5", "-5m", "+5", "1.5h", "90 m", "1h 30m", "30m1h", "1h1h", "5x", "1w", "8d",
     "604801", "\uff15m", "1e3", "0x10", "\uff11\uff10", "\u00b2", "9" * 40, "1_000", "5m\n5m", "infinity",
     "nan"],
)  # fmt: skip
def test_not_understood(text: str) -> None:
    with pytest.raises(InvalidRequest, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "duration 'soon' is not understood: " + _HOW),
        ("0000000001", "duration '0000000001' is not understood: " + _HOW),
        ("x" * 50, f"duration '{'x' * 40}' is not understood: " + _HOW),
        ("0", "duration '0' is out of range: from 1 second to 7 days"),
        ("8D", "duration '8D' is out of range: from 1 second to 7 days"),
        (" " * 45 + "8d", f"duration '{' ' * 40}' is out of range: from 1 second to 7 days"),
    ],
)
def test_what_is_said_of_it(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_duration(text)
    assert caught.value.problems == (said,)


def test_what_may_be_longer() -> None:
    assert parse_duration("366d", longest=366 * 86_400) == 366 * 86_400
    with pytest.raises(InvalidRequest, match="from 1 second to 366 days"):
        parse_duration("367d", longest=366 * 86_400)


def test_long_nonsense_is_not_repeated_whole() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_duration("x" * 10_000)
    assert len(str(caught.value)) < 250


@given(st.integers(0, 8), st.integers(0, 200), st.integers(0, 9000), st.integers(0, 90_000))
@many
def test_units_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    total = days * 86_400 + hours * 3600 + minutes * 60 + seconds
    text = f"{days}d{hours}h{minutes}m{seconds}s"
    if 0 < total <= LONGEST_SECONDS:
        assert parse_duration(text) == parse_duration(str(total)) == total
    else:
        with pytest.raises(InvalidRequest):
            parse_duration(text)


@given(st.text(max_size=30) | st.text("0123456789dhms. -", max_size=12))
@many
def test_any_text_is_a_duration_or_invalid(text: str) -> None:
    with suppress(InvalidRequest):
        assert 1 <= parse_duration(text) <= LONGEST_SECONDS


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"),
        (-5, "0 seconds"),
        (1, "1 second"),
        (12.4, "12 seconds"),
        (59.4, "59 seconds"),
        (59.6, "1 minute"),
        (60, "1 minute"),
        (2700, "45 minutes"),
        (3599, "1 hour"),
        (3600, "1 hour"),
        (5400, "1 hour 30 minutes"),
        (86_399, "1 day"),
        (86_400, "1 day"),
        (90_000, "1 day 1 hour"),
        (93_784, "1 day 2 hours"),
        (604_800, "7 days"),
    ],
)
def test_humanized(seconds: float, said: str) -> None:
    assert humanize(seconds) == said


@given(st.integers(0, 10**9))
@many
def test_every_duration_can_be_said(seconds: int) -> None:
    words = humanize(seconds).split()
    assert len(words) in {2, 4}
    assert all(word.isdigit() for word in words[::2])


def test_several_durations() -> None:
    assert parse_durations("1h, 72h,24h,3600") == (259_200, 86_400, 3600)
    assert parse_durations(" ") == ()
    with pytest.raises(InvalidRequest) as caught:
        parse_durations("1h,soon,0")
    assert len(caught.value.problems) == 2
