"""Readings made of counters, and what is remembered of one."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.readings import Memory, Reading, Sight, per_minute, share

MALFORMED = st.sampled_from([None, True, "", "x", -1, float("nan"), float("inf"), 10**309, [], ["x", 1], {}])


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


FULL = Memory(
    at=1.0,
    value=2.0,
    why="w",
    over_since=3.0,
    under_since=4.0,
    unknown_since=5.0,
    counts=(6.0, 7.0),
    counted_at=8.0,
)
AS_JSON = {
    "at": 1.0, "value": 2.0, "why": "w", "over_since": 3.0, "under_since": 4.0, "unknown_since": 5.0,
    "counts": (6.0, 7.0), "counted_at": 8.0,
}  # fmt: skip


def test_every_field_of_a_memory() -> None:
    assert FULL.to_dict() == AS_JSON
    assert Memory.from_dict(AS_JSON) == Memory.from_dict({**AS_JSON, "counts": [6, 7.0]}) == FULL
    assert Memory().to_dict() == {"at": 0.0, "counted_at": 0.0}
    assert Memory.from_dict({}) == Memory()
    assert Memory() == Memory(
        at=0.0, value=None, why="", over_since=None, under_since=None, unknown_since=None, counts=(),
        counted_at=0.0,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["at", "value", "over_since", "under_since", "unknown_since", "counted_at"])
@pytest.mark.parametrize("wrong", [True, "1", None, float("nan"), float("inf"), -(10**309), []])
def test_a_number_that_is_none_is_forgotten(name: str, wrong: object) -> None:
    read = Memory.from_dict({**AS_JSON, name: wrong})
    assert getattr(read, name) == (0.0 if name in {"at", "counted_at"} else None)


def test_the_greatest_number_is_one() -> None:
    assert Memory.from_dict({"value": sys.float_info.max}).value == sys.float_info.max


@pytest.mark.parametrize(
    ("counts", "read"), [("12", ()), (None, ()), ({}, ()), ([1, "x", True, 2], (1.0, 2.0)), ((3,), (3.0,))]
)
def test_counters_that_are_none_are_forgotten(counts: object, read: tuple[float, ...]) -> None:
    assert Memory.from_dict({"counts": counts}).counts == read


@pytest.mark.parametrize(("elapsed", "known"), [(4.9, False), (5, True), (1800, True), (1800.1, False)])
def test_how_far_two_looks_may_be_apart(elapsed: float, known: bool) -> None:
    before = Memory(counts=(0.0, 0.0), counted_at=0.0)
    assert (per_minute((1.0, 1.0), before, elapsed) is not None) is known
    assert (share((1.0, 1.0), before, elapsed) is not None) is known


def test_counters_that_went_back_or_stood_still() -> None:
    before = Memory(counts=(10.0, 10.0), counted_at=0.0)
    assert share((9.0, 20.0), before, 60.0) is None
    assert share((11.0, 9.0), before, 60.0) is None
    assert share((10.5, 12.0), before, 60.0) == 25.0
    assert per_minute((10.5, 0.0), before, 60.0) == 0.5
    assert share((10.5, 12.0, 1.0), Memory(counts=(10.0, 10.0, 1.0)), 60.0) == 25.0


def test_readings_and_their_sight() -> None:
    assert [sight.value for sight in Sight] == ["known", "unknown", "absent"]
    assert Reading(figure="f") == Reading(
        figure="f", value=None, why="", sight=Sight.KNOWN, subject="", about="", counts=()
    )
    assert Reading.unknown("f", "w") == Reading(figure="f", why="w", sight=Sight.UNKNOWN)
    assert Reading.absent("f", "w") == Reading(figure="f", why="w", sight=Sight.ABSENT)
