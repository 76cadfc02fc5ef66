"""Figures of processes: columns, buckets, sums."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.process_figures import (
    DECISION_BOUNDS_NS,
    DRAIN_BOUNDS_S,
    FIELDS,
    WRITES,
    Asked,
    decision_columns,
    decisions_in,
    drain_fields,
    drains_in,
    failures_in,
    jobs_in,
    requests_in,
)

NANOSECONDS = st.integers(min_value=0, max_value=10**13)


def test_each_column_has_a_name_of_its_own_and_the_first_has_none() -> None:
    assert FIELDS[WRITES] == ""
    assert len(set(FIELDS)) == len(FIELDS)


def test_buckets_grow() -> None:
    for bounds in (DECISION_BOUNDS_NS, DRAIN_BOUNDS_S):
        assert list(bounds) == sorted(set(bounds))


@pytest.mark.parametrize(
    ("nanoseconds", "bucket"), [(0, 0), (1_000, 0), (1_001, 1), (2_500_000_000, 11), (2_500_000_001, 12)]
)
def test_a_bound_belongs_to_its_bucket(nanoseconds: int, bucket: int) -> None:
    column, total = decision_columns(Asked.RECEIPT, nanoseconds)
    assert FIELDS[column] == f"decision:receipt:{bucket}"
    assert FIELDS[total] == "decision:receipt:ns"


@given(st.lists(st.tuples(st.sampled_from(Asked), NANOSECONDS), max_size=50))
def test_every_decision_is_in_one_bucket_of_its_place(decisions: list[tuple[Asked, int]]) -> None:
    sums: Counter[str] = Counter()
    for asked, nanoseconds in decisions:
        column, total = decision_columns(asked, nanoseconds)
        sums[FIELDS[column]] += 1
        sums[FIELDS[total]] += nanoseconds
    found = decisions_in(sums)
    assert found.keys() == {"publish", "receipt", "start", "request"}
    for asked in Asked:
        mine = [nanoseconds for where, nanoseconds in decisions if where is asked]
        histogram = found[asked.name.lower()]
        assert sum(histogram.counts) == len(mine)
        assert histogram.total == pytest.approx(sum(mine) / 1e9)
        for index, bound in enumerate(histogram.bounds):
            below = sum(histogram.counts[: index + 1])
            assert below == sum(one <= DECISION_BOUNDS_NS[index] for one in mine), bound


@given(st.lists(st.floats(min_value=-5, max_value=1e6), max_size=20))
def test_drains_add_up_and_a_clock_that_went_back_takes_nothing_away(drains: list[float]) -> None:
    sums: Counter[str] = Counter()
    for seconds in drains:
        sums.update(drain_fields(seconds))
    histogram = drains_in(sums)
    assert sum(histogram.counts) == len(drains)
    assert histogram.total == pytest.approx(sum(max(0.0, one) for one in drains), abs=0.001 * len(drains))


def test_fields_of_several_kinds_do_not_mix() -> None:
    sums = {
        "job:refused:caption_generation": 3,
        "job:parked:a:b": 1,
        "request:caption_generation": 2,
        "failed:redis": 5,
        "decision:publish:0": 9,
        "of another release": 1,
    }
    assert jobs_in(sums) == {("refused", "caption_generation"): 3, ("parked", "a:b"): 1}
    assert requests_in(sums) == {"caption_generation": 2}
    assert failures_in(sums) == {"redis": 5, "sql": 0}
    assert drains_in(sums).counts == (0,) * (len(DRAIN_BOUNDS_S) + 1)
