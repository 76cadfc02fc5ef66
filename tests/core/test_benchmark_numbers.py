"""The arithmetic of the benchmarks: a wrong percentile would make every figure a lie."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.numbers import median_ratio, percentile, ratio_by_process, spread_of_median


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 13)], 0.99, 12.0),
        ([5.0, 1.0], 0.0, 1.0),
        ([5.0, 1.0], 1.0, 5.0),
    ],
)
def test_a_percentile_is_a_measured_value(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_a_percentile_of_nothing_is_an_error(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_ratios_are_taken_pair_by_pair() -> None:
    # the machine was twice as slow in the second half, for both: the ratio does not see it
    ratio, low, high = median_ratio([90.0, 90.0, 45.0, 45.0], [100.0, 100.0, 50.0, 50.0])
    assert ratio == pytest.approx(0.9)
    assert low == pytest.approx(0.9)
    assert high == pytest.approx(0.9)


def test_rounds_without_a_partner_are_an_error() -> None:
    with pytest.raises(ValueError, match="pairs"):
        median_ratio([1.0, 2.0], [1.0])


def test_the_interval_holds_the_median() -> None:
    low, high = spread_of_median([1.0, 2.0, 3.0, 4.0, 100.0])
    assert low <= 3.0 <= high
    assert low < high


def _figure(value: float = 1.0, **more: Any) -> Figure:
    return Figure(name="f", value=value, unit="s", **more)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (_figure(), ""),
        (_figure(target=at_most(1.0)), "met"),
        (_figure(1.1, target=at_most(1.0)), "MISSED"),
        (_figure(ratio=0.98, target=at_least(0.98), judged="ratio"), "met"),
        (_figure(ratio=0.97, target=at_least(0.98), judged="ratio"), "MISSED"),
        (_figure(target=at_least(0.98), judged="ratio"), "MISSED"),
        (_figure(ratio=0.99, target=at_least(0.98), judged="ratio", interval=(0.97, 1.0)), "unclear"),
        (_figure(ratio=0.97, target=at_least(0.98), judged="ratio", interval=(0.95, 0.99)), "unclear"),
        (_figure(ratio=0.99, target=at_least(0.98), judged="ratio", interval=(0.985, 1.0)), "met"),
        (_figure(ratio=0.9, target=at_least(0.98), judged="ratio", interval=(0.88, 0.93)), "MISSED"),
    ],
)
def test_what_noise_could_turn_round_is_neither_met_nor_missed(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict


def test_the_ratio_by_process_weighs_each_process_alike_however_many_rounds_it_ran() -> None:
    ratio, low, high = ratio_by_process([[90.0], [110.0] * 99], [[100.0], [100.0] * 99])
    assert ratio == pytest.approx(1.0)
    assert low == pytest.approx(0.9)
    assert high == pytest.approx(1.1)


def test_many_rounds_of_few_processes_leave_a_wide_interval() -> None:
    few = ratio_by_process([[90.0] * 50, [110.0] * 50], [[100.0] * 50] * 2)
    many = ratio_by_process([[90.0], [110.0]] * 50, [[100.0]] * 100)
    assert few[2] - few[1] > 4 * (many[2] - many[1])


def test_processes_that_have_no_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="pairs"):
        ratio_by_process([[1.0], [1.0]], [[1.0]])
