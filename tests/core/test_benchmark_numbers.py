"""The arithmetic of the benchmarks: a wrong percentile would make every figure a lie."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.numbers import median_ratio, percentile, spread_of_median


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


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure(name="f", value=1.0, unit="s"), None),
        (Figure(name="f", value=1.0, unit="s", target=at_most(1.0)), True),
        (Figure(name="f", value=1.1, unit="s", target=at_most(1.0)), False),
        (Figure(name="f", value=500.0, unit="/s", ratio=0.98, target=at_least(0.98), judged="ratio"), True),
        (Figure(name="f", value=500.0, unit="/s", ratio=0.97, target=at_least(0.98), judged="ratio"), False),
        (Figure(name="f", value=500.0, unit="/s", target=at_least(0.98), judged="ratio"), False),
    ],
)
def test_a_target_is_met_missed_or_not_there(figure: Figure, met: bool | None) -> None:
    assert figure.met is met
