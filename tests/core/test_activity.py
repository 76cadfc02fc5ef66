"""Sums over windows, and growth of tables."""

from __future__ import annotations

import pytest

from guard.core.account import Account
from guard.core.activity import Activity, activity_of, growth_of, lengths_of, median
from guard.core.counts import Count
from guard.core.history import WindowRecord


def window(mode: str = "normal", start: float = 100.0, end: float | None = 160.0) -> WindowRecord:
    return WindowRecord(
        window_id=f"{mode}{start}", mode=mode, reason="r", by="b", started_at=start, duration=60, ended_at=end
    )


ACCOUNT = Account(
    {
        (Count.REFUSED, "a"): 3,
        (Count.REFUSED, "b"): 1,
        (Count.HELD, "a"): 2,
        (Count.PARKED, "a"): 5,
        (Count.FAILED, "a"): 1,
        (Count.KILLED, "a"): 1,
        (Count.LOST, "b"): 3,
        (Count.COMPLETED, "a"): 9,
    }
)


def test_sums_without_rehearsals() -> None:
    seen = activity_of(
        [
            (window(), ACCOUNT),
            (window("emergency"), ACCOUNT),
            (window("test"), ACCOUNT),
            (window(end=None), None),
        ]
    )
    assert seen == Activity(
        activations=3, emergencies=1, rehearsals=1, refused=8, held=4, parked=10, errors=10, unread=1
    )


def test_nothing_is_nothing() -> None:
    assert activity_of([]) == Activity(
        activations=0, emergencies=0, rehearsals=0, refused=0, held=0, parked=0, errors=0
    )
    assert activity_of([]).unread == 0


def test_a_rehearsal_that_nobody_could_read_is_no_gap() -> None:
    seen = activity_of([(window("test"), None), (window("emergency"), None)])
    assert (seen.activations, seen.emergencies, seen.rehearsals, seen.unread) == (1, 1, 1, 1)


def test_lengths_of_what_has_ended() -> None:
    assert lengths_of([window(), window(end=None), window("test"), window(end=90.0)]) == [60.0, 0.0]


def test_growth_of_what_was_there_before() -> None:
    before = {"users": 100, "posts": 50, "gone": 1, "odd": "x", "odder": True}
    assert growth_of({"users": 130, "posts": 40, "new": 5, "odd": 1, "odder": 1}, before) == {
        "users": 30,
        "posts": -10,
    }


@pytest.mark.parametrize(("values", "middle"), [([], None), ([3], 3), ([5, 1, 2], 2), ([4, 1, 2, 3], 2.5)])
def test_the_middle(values: list[float], middle: float | None) -> None:
    assert median(values) == middle
