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
    JOB_FIELD,
    REQUEST_FIELD,
    WRITES,
    Asked,
    Failed,
    Histogram,
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


def test_the_bounds_that_stored_sums_rest_on() -> None:
    assert DECISION_BOUNDS_NS == (
        1_000, 2_500, 5_000, 10_000, 25_000, 100_000,
        1_000_000, 5_000_000, 25_000_000, 100_000_000, 500_000_000, 2_500_000_000,
    )  # fmt: skip
    assert DRAIN_BOUNDS_S == (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)


def test_the_columns_and_fields_that_stores_keep() -> None:
    buckets = [*map(str, range(13)), "ns"]
    places = ("publish", "receipt", "start", "request")
    assert (
        "",
        *(f"decision:{place}:{bucket}" for place in places for bucket in buckets),
        "failed:redis",
        "failed:sql",
    ) == FIELDS
    assert WRITES == 0
    assert (JOB_FIELD, REQUEST_FIELD) == ("job:", "request:")
    assert [asked.value for asked in Asked] == [0, 1, 2, 3]
    assert [failed.value for failed in Failed] == ["redis", "sql"]


@pytest.mark.parametrize(
    ("asked", "nanoseconds", "columns"),
    [
        (Asked.PUBLISH, 0, (1, 14)),
        (Asked.PUBLISH, 1_001, (2, 14)),
        (Asked.RECEIPT, 0, (15, 28)),
        (Asked.REQUEST, 10**10, (55, 56)),
    ],
)
def test_the_columns_of_a_decision(asked: Asked, nanoseconds: int, columns: tuple[int, int]) -> None:
    assert decision_columns(asked, nanoseconds) == columns


@pytest.mark.parametrize(
    ("seconds", "fields"),
    [
        (-5.0, {"drain:0": 1, "drain:ms": 0}),
        (0.0, {"drain:0": 1, "drain:ms": 0}),
        (1.0, {"drain:0": 1, "drain:ms": 1000}),
        (1.0006, {"drain:1": 1, "drain:ms": 1001}),
        (7200.0, {"drain:11": 1, "drain:ms": 7_200_000}),
        (9000.0, {"drain:12": 1, "drain:ms": 9_000_000}),
    ],
)
def test_what_one_drain_adds(seconds: float, fields: dict[str, int]) -> None:
    assert drain_fields(seconds) == fields


def test_histograms_are_in_seconds() -> None:
    sums = {
        "drain:0": 2,
        "drain:12": 1,
        "drain:ms": 1500,
        "decision:start:3": 4,
        "decision:start:ns": 2 * 10**9,
    }
    assert drains_in(sums) == Histogram(
        bounds=(1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0),
        counts=(2, *[0] * 11, 1),
        total=1.5,
    )
    assert all(isinstance(bound, float) for bound in drains_in(sums).bounds)
    start = decisions_in(sums)["start"]
    assert start.bounds[:3] + start.bounds[-1:] == (1e-6, 2.5e-6, 5e-6, 2.5)
    assert (start.counts, start.total) == ((0, 0, 0, 4, *[0] * 9), 2.0)
    assert decisions_in({})["publish"] == Histogram(bounds=start.bounds, counts=(0,) * 13, total=0.0)
