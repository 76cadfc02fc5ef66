"""Which table is rebuilt, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.optimization import (
    FIRST_RATE,
    Limits,
    TableFacts,
    measured_rate,
    problem_in,
    rule_file,
    rule_table,
)
from tests.core.strategies import many

MB = 2**20
LIMITS = Limits(fragmentation=0.2, least_bytes=16 * MB)
FACTS = TableFacts(engine="InnoDB", rows=1000, data_bytes=80 * MB, index_bytes=20 * MB, free_bytes=40 * MB)

sizes = st.none() | st.integers(0, 10**12)
facts_of_any_kind = st.builds(
    TableFacts,
    engine=st.sampled_from([None, "InnoDB", "MyISAM", "MEMORY"]),
    rows=sizes,
    data_bytes=sizes,
    index_bytes=sizes,
    free_bytes=sizes,
)


@pytest.mark.parametrize(
    ("changed", "optimise", "why"),
    [
        ({}, True, "40 MiB unused, 40% of what is used"),
        ({"engine": "Aria"}, True, "40 MiB"),
        ({"engine": "MEMORY"}, False, "engine MEMORY"),
        ({"engine": None}, False, "engine unknown"),
        ({"free_bytes": None}, False, "unknown"),
        ({"data_bytes": None}, False, "unknown"),
        ({"index_bytes": None}, False, "unknown"),
        ({"free_bytes": 15 * MB, "data_bytes": MB, "index_bytes": 0}, False, "less than 16 MiB"),
        ({"free_bytes": 19 * MB}, False, "19% unused, less than 20%"),
        ({"free_bytes": 20 * MB}, True, "20%"),
        # everything was deleted: a rebuild costs next to nothing and gives all of it back
        ({"free_bytes": 100 * MB, "data_bytes": 0, "index_bytes": 0}, True, "100 MiB"),
    ],
)
def test_which_table_is_rebuilt(changed: dict[str, object], optimise: bool, why: str) -> None:
    ruling = rule_table(replace(FACTS, **changed), LIMITS, rate=None, left=3600)  # type: ignore[arg-type]
    assert ruling.optimise is optimise
    assert why in ruling.why


def test_time_that_is_left() -> None:
    seconds = 2 * 100 * MB / FIRST_RATE
    assert rule_table(FACTS, LIMITS, rate=None, left=seconds).optimise
    late = rule_table(FACTS, LIMITS, rate=None, left=seconds - 1)
    assert not late.optimise
    assert "it may take 50 seconds, more than the 49 seconds left" in late.why
    assert rule_table(FACTS, LIMITS, rate=100.0 * MB, left=2).optimise, "this server is faster"
    assert not rule_table(FACTS, LIMITS, rate=MB, left=60).optimise, "this server is slower"


@given(facts_of_any_kind, st.floats(0, 1), st.integers(0, 10**9), st.floats(1, 1e9), st.floats(0, 1e6))
@many
def test_less_is_never_more(facts: TableFacts, share: float, least: int, rate: float, left: float) -> None:
    limits = Limits(fragmentation=share, least_bytes=least)
    ruling = rule_table(facts, limits, rate=rate, left=left)
    assert ruling.why
    if ruling.optimise:
        assert facts.free_bytes is not None
        assert facts.size is not None
        assert facts.free_bytes >= least
        assert ruling.seconds is not None
        assert ruling.seconds <= left
        more = replace(facts, free_bytes=facts.free_bytes + MB)
        assert rule_table(more, limits, rate=rate, left=left).optimise
        assert rule_table(facts, limits, rate=rate * 2, left=left).optimise
    else:
        assert not rule_table(facts, limits, rate=rate, left=left / 2).optimise


@pytest.mark.parametrize(
    ("done", "rate"),
    [
        ([], None),
        ([(None, 5.0)], None),
        ([(1000, 0.5)], None),  # too small to tell
        ([(10 * MB, 2.0)], 5.0 * MB),
        ([(10 * MB, 2.0), (1000, 99.0), (30 * MB, 2.0)], 10.0 * MB),
        ([(10 * MB, 0.0)], 10_000.0 * MB),
    ],
)
def test_the_measured_rate(done: list[tuple[int | None, float]], rate: float | None) -> None:
    assert measured_rate(done) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("size", "free", "room", "optimise", "why"),
    [
        (100 * MB, 40 * MB, 1000 * MB, True, "40 MiB unused"),
        (100 * MB, 40 * MB, 199 * MB, False, "it needs 200 MiB on its disk, and 199 MiB is free"),
        (100 * MB, 40 * MB, None, False, "an unknown amount is free"),
        (100 * MB, 4 * MB, 1000 * MB, False, "less than 16 MiB"),
        (None, None, 1000 * MB, False, "unknown"),
    ],
)
def test_a_file(size: int | None, free: int | None, room: int | None, optimise: bool, why: str) -> None:
    ruling = rule_file(size, free, LIMITS, left=3600, room=room)
    assert ruling.optimise is optimise
    assert why in ruling.why


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([("status", "OK")], ""),
        (
            [("note", "Table does not support optimize, doing recreate + analyze instead"), ("status", "OK")],
            "",
        ),
        ([("status", "Table is already up to date")], ""),
        ([("status", "Engine-independent statistics collected"), ("status", "OK")], ""),
        (
            [("Error", "Lock wait timeout exceeded"), ("status", "Operation failed")],
            "Lock wait timeout exceeded",
        ),
        (
            [("Error", "Table 'a.b' doesn't exist"), ("status", "Operation failed")],
            "Table 'a.b' doesn't exist",
        ),
        ([("status", "Operation failed")], "Operation failed"),
        ([("note", "x")], "the server did not say how it ended"),
        ([], "the server did not say how it ended"),
    ],
)
def test_what_mysql_says(messages: list[tuple[str, str]], problem: str) -> None:
    assert problem_in(messages) == problem


@given(facts_of_any_kind)
@many
def test_facts_survive_json(facts: TableFacts) -> None:
    assert TableFacts.from_dict(facts.to_dict()) == facts
