"""Rows of a timetable, read with the settings."""

from __future__ import annotations

import pytest

from guard.core.appointments import Every, LocalTime
from guard.core.timetable import InWindow, Row, timetable
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
