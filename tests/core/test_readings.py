"""Readings made of counters, and what is remembered of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.readings import Memory, Reading, Sight, per_minute, share

MALFORMED = st.sampled_from([None, True, "", "x", -1, float("nan"), float("inf"), [], ["x", 1], {}])


@given(raw=st.dictionaries(st.sampled_from([*Memory.__slots__, "new"]), MALFORMED))
def test_a_memory_that_is_malformed_begins_anew(raw: dict[str, object]) -> None:
    Memory.from_dict(raw)
    memory = Memory(at=1.0, value=2.0, over_since=1.0, counts=(1.0, 2.0), counted_at=1.0)
    assert Memory.from_dict(memory.to_dict()) == memory


@pytest.mark.parametrize(
    ("counts", "before", "elapsed", "wanted"),
    [
        ((160.0,), (100.0,), 60, 60.0),
        ((160.0,), (100.0,), 30, 120.0),
        ((100.0,), (100.0,), 60, 0.0),
        ((10.0,), (100.0,), 60, None),  # the counter began anew
        ((160.0,), (), 60, None),  # the first look
        ((160.0,), (100.0,), 1, None),  # too near
        ((160.0,), (100.0,), 3600, None),  # too far
        ((160.0,), (100.0,), -60, None),  # a clock that was put back
    ],
)
def test_per_minute(
    counts: tuple[float, ...], before: tuple[float, ...], elapsed: float, wanted: float | None
) -> None:
    assert per_minute(counts, Memory(counts=before, counted_at=5000.0), 5000.0 + elapsed) == wanted


@pytest.mark.parametrize(
    ("counts", "before", "wanted"),
    [
        ((150.0, 300.0), (100.0, 200.0), 50.0),
        ((100.0, 300.0), (100.0, 200.0), 0.0),
        ((350.0, 300.0), (100.0, 200.0), 100.0),  # the two were not read at one moment
        ((100.0, 200.0), (100.0, 200.0), None),  # no time has passed for it
        ((10.0, 20.0), (100.0, 200.0), None),
        ((10.0, 20.0), (), None),
    ],
)
def test_share(counts: tuple[float, ...], before: tuple[float, ...], wanted: float | None) -> None:
    assert share(counts, Memory(counts=before, counted_at=5000.0), 5060.0) == wanted


def test_unknown_and_absent_have_no_value() -> None:
    for reading in (Reading.unknown("f", "why", "s"), Reading.absent("f", "why", "s")):
        assert (reading.value, reading.why, reading.subject) == (None, "why", "s")
        assert reading.sight is not Sight.KNOWN
