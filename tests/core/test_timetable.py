"""Rows of a timetable, read with the settings."""

from __future__ import annotations

import pytest

from guard.core.appointments import Every, LocalTime
from guard.core.timetable import Entry, InWindow, Row, timetable
from guard.errors import InvalidRequest

SETTINGS = {"daily": "08:00", "weekly": "sun 02:00", "monthly": "mon#1 10:00", "never": "off", "pause": 300}


def row(name: str, when: str | float, **more: float) -> Row:
    return Row(name=name, task="t", when=when, in_window=InWindow.ANYWAY, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "read", "grace", "expires"),
    [
        (30.0, Every(seconds=30), 0, 27),
        ("pause", Every(seconds=300), 0, 270),
        ("daily", LocalTime(hour=8, minute=0), 6 * 3600, 27),
        ("weekly", LocalTime(hour=2, minute=0, weekday=6), 24 * 3600, 27),
        ("monthly", LocalTime(hour=10, minute=0, weekday=0, nth=1), 72 * 3600, 27),
        ("never", None, 0, 27),
    ],
)
def test_a_row_is_read(when: str | float, read: object, grace: float, expires: float) -> None:
    (entry,) = timetable([row("one", when)], SETTINGS)
    assert (entry.when, entry.grace, entry.expires) == (read, grace, pytest.approx(expires))
    assert entry.is_frequent is isinstance(read, Every)


def test_a_grace_of_its_own() -> None:
    (entry,) = timetable([row("one", "weekly", grace=7200)], SETTINGS)
    assert entry.grace == 7200


def test_every_problem_at_once() -> None:
    rows = [row("a", "dayly"), row("b", 0), row("b", 90_000.0), row("c", "wrong")]
    with pytest.raises(InvalidRequest) as caught:
        timetable(rows, {**SETTINGS, "wrong": "mon#9 10:00"})
    found = " | ".join(caught.value.problems)
    for words in (
        "two rows of the timetable are called 'b'",
        "a: there is no setting 'DAYLY'",
        "b: an interval of 0 s",
        "b: an interval of 90000 s",
        "c: the time 'mon#9 10:00'",
    ):
        assert words in found
    assert len(caught.value.problems) == 5


def test_the_words_for_what_a_window_does() -> None:
    assert [each.value for each in InWindow] == ["skip", "afterwards", "anyway"]


def test_what_a_row_has_unless_it_says_otherwise() -> None:
    (entry,) = timetable([row("one", 60)], {})
    assert entry == Entry(
        name="one",
        task="t",
        when=Every(seconds=60.0),
        in_window=InWindow.ANYWAY,
        grace=0.0,
        limit=360.0,
        recorded=True,
        queue="maintenance",
        expires=54.0,
    )


def test_what_a_row_says_is_kept() -> None:
    said = Row(
        name="n",
        task="shop.sweep",
        when="daily",
        in_window=InWindow.SKIP,
        grace=0,
        limit=60.0,
        recorded=False,
        queue="q",
    )
    (entry,) = timetable([said], SETTINGS)
    assert entry == Entry(
        name="n",
        task="shop.sweep",
        when=LocalTime(hour=8, minute=0),
        in_window=InWindow.SKIP,
        grace=0,
        limit=60.0,
        recorded=False,
        queue="q",
        expires=27.0,
    )


@pytest.mark.parametrize("seconds", [1, 86_400])
def test_the_shortest_and_the_longest_interval(seconds: float) -> None:
    (entry,) = timetable([row("one", seconds)], {})
    assert entry.when == Every(seconds=seconds)
    assert isinstance(entry.when, Every)
    assert isinstance(entry.when.seconds, float)


@pytest.mark.parametrize("seconds", [0.9, 86_401])
def test_an_interval_out_of_range(seconds: float) -> None:
    with pytest.raises(InvalidRequest) as caught:
        timetable([row("one", seconds)], {})
    assert caught.value.problems == (
        f"one: an interval of {seconds:g} s is out of range: from 1 second to a day",
    )


def test_rows_of_one_name_are_named_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        timetable([row("a", 1), row("b", 1), row("a", 1), row("a", 1)], {})
    assert caught.value.problems == ("two rows of the timetable are called 'a'",)
