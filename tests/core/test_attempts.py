"""Sums of refused requests: bounded, and never a wrong total."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guard.core.attempts import MOST_SUMS, NO_MINUTE, AttemptSum, AttemptsView, add_to, view_of
from tests.core.strategies import some


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 5000)), max_size=300))
@some
def test_totals_are_right_and_the_sums_are_bounded(attempts: list[tuple[str, str, int]]) -> None:
    sums: dict[tuple[str, str, int], AttemptSum] = {
        ("a", "x", minute): AttemptSum(1, 0.0) for minute in range(1, MOST_SUMS - 100)
    }
    before = sum(each.count for each in sums.values())
    for window, operation, minute in attempts:
        add_to(sums, (window, operation, minute), count=2, last=float(minute))
    assert sum(each.count for each in sums.values()) == before + 2 * len(attempts)
    assert len(sums) <= MOST_SUMS + 6
    assert all(minute != NO_MINUTE for _, _, minute in sums) or len(sums) >= MOST_SUMS


def test_the_last_attempt_is_the_latest() -> None:
    sums: dict[tuple[str, str, int], AttemptSum] = {}
    add_to(sums, ("w", "x", 1), count=1, last=90.0)
    add_to(sums, ("w", "x", 1), count=3, last=70.0)
    assert sums == {("w", "x", 1): AttemptSum(4, 90.0)}


def test_the_view_has_totals_by_operation_and_counts_by_minute() -> None:
    view = view_of(
        "w",
        {"b": AttemptSum(5, 200.0), "a": AttemptSum(1, 0.0)},
        [(3, "b", 4), (2, "b", 1), (3, "a", 1)],
        since=100.0,
    )
    assert (view.window_id, view.total) == ("w", 6)
    assert list(view.operations) == ["a", "b"]
    assert view.operations["b"].attempt_count == 5
    assert view.operations["b"].last_attempt == 200.0
    assert view.operations["a"].last_attempt is None
    assert view.operations["a"].blocked_since == 100.0
    assert view.minutes == ((120, {"b": 1}), (180, {"a": 1, "b": 4}))


def test_two_hours_of_minutes_are_told_apart_and_no_more() -> None:
    assert (MOST_SUMS, NO_MINUTE) == (2048, 0)
    sums: dict[tuple[str, str, int], AttemptSum] = {}
    for minute in range(1, 2051):
        add_to(sums, ("w", "x", minute), count=1, last=float(minute))
    assert len(sums) == 2049
    assert sums["w", "x", 2048] == AttemptSum(1, 2048.0)
    assert sums["w", "x", 0] == AttemptSum(2, 2050.0)
    add_to(sums, ("w", "x", 7), count=4, last=9999.0)
    assert sums["w", "x", 7] == AttemptSum(5, 9999.0), "a minute that has a sum is still told apart"


def test_a_window_that_refused_nothing() -> None:
    view = AttemptsView(window_id="w", total=0)
    assert (view.operations, view.minutes) == ({}, ())
