"""Medians, percentiles and ratios of paired rounds. Pure."""

from __future__ import annotations

import random
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["median_ratio", "percentile", "ratio_by_process", "spread_of_median"]

_RESAMPLES = 2000


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of all values does not exceed; nearest rank, so it was measured."""
    if not values or not 0 <= share <= 1:
        raise ValueError("a percentile needs values and a share between 0 and 1")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))  # the ceiling
    return ordered[int(rank) - 1]


def median_ratio(with_it: Sequence[float], without: Sequence[float]) -> tuple[float, float, float]:
    """Median of the ratios of rounds that ran side by side, and its 95 % interval.

    Pairs share the machine's mood of that second, so their ratio is steadier than the ratio of medians.
    """
    if len(with_it) != len(without):
        raise ValueError("rounds come in pairs")
    ratios = [ours / theirs for ours, theirs in zip(with_it, without, strict=True)]
    low, high = spread_of_median(ratios)
    return median(ratios), low, high


def ratio_by_process(
    with_it: Sequence[Sequence[float]], without: Sequence[Sequence[float]]
) -> tuple[float, float, float]:
    """Mean over processes of the median ratio of their rounds, and its 95 % interval.

    What is resampled are the processes, not their rounds: where its memory lies makes one process faster than
    another for as long as it lives, so many rounds of a few processes say little.

    Args:
        with_it: rounds of each process; likewise `without`, for those that ran beside them.
    """
    if len(with_it) != len(without):
        raise ValueError("processes come in pairs")
    ratios = [median_ratio(ours, theirs)[0] for ours, theirs in zip(with_it, without, strict=True)]
    chance = random.Random(0)
    means = sorted(fmean(chance.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
    return fmean(ratios), percentile(means, 0.025), percentile(means, 0.975)


def spread_of_median(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the median, by the bootstrap with a fixed seed."""
    chance = random.Random(0)
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return percentile(medians, 0.025), percentile(medians, 0.975)
