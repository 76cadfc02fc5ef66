"""Which table is rebuilt, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.optimization import (
    BY,
    FIRST_RATE,
    Limits,
    Ruling,
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


def test_facts_as_json() -> None:
    assert FACTS.to_dict() == {
        "engine": "InnoDB",
        "rows": 1000,
        "data_bytes": 80 * MB,
        "index_bytes": 20 * MB,
        "free_bytes": 40 * MB,
    }
    assert TableFacts.from_dict({"rows": 1, "more": 2}) == TableFacts(rows=1)
    assert set(TableFacts().to_dict().values()) == {None}


@pytest.mark.parametrize(
    ("changed", "size", "fragmentation"),
    [
        ({}, 100 * MB, 0.4),
        ({"data_bytes": 0, "index_bytes": 0}, 0, 1.0),
        ({"data_bytes": 0, "index_bytes": 0, "free_bytes": 0}, 0, 0.0),
        ({"data_bytes": 0, "index_bytes": 0, "free_bytes": 1}, 0, 1.0),
        ({"data_bytes": None}, None, None),
        ({"index_bytes": None}, None, None),
        ({"free_bytes": None}, 100 * MB, None),
        ({"free_bytes": 0}, 100 * MB, 0.0),
        ({"free_bytes": 300 * MB}, 100 * MB, 3.0),
    ],
)
def test_size_and_fragmentation(
    changed: dict[str, Any], size: int | None, fragmentation: float | None
) -> None:
    facts = replace(FACTS, **changed)
    assert (facts.size, facts.fragmentation) == (size, fragmentation)


@pytest.mark.parametrize(
    ("changed", "left", "ruling"),
    [
        ({}, 50, Ruling(optimise=True, why="40 MiB unused, 40% of what is used", seconds=50.0)),
        (
            {},
            49.9,
            Ruling(optimise=False, why="it may take 50 seconds, more than the 50 seconds left", seconds=50.0),
        ),
        (
            {"engine": "MyISAM"},
            50,
            Ruling(optimise=True, why="40 MiB unused, 40% of what is used", seconds=50.0),
        ),
        ({"engine": "MEMORY"}, 50, Ruling(optimise=False, why="engine MEMORY: not rebuilt by this guard")),
        ({"engine": None}, 50, Ruling(optimise=False, why="engine unknown: not rebuilt by this guard")),
        ({"engine": ""}, 50, Ruling(optimise=False, why="engine unknown: not rebuilt by this guard")),
        ({"free_bytes": None}, 50, Ruling(optimise=False, why="how fragmented it is is unknown")),
        (
            {"free_bytes": 16 * MB, "data_bytes": 60 * MB},
            50,
            Ruling(optimise=True, why="16 MiB unused, 20% of what is used", seconds=40.0),
        ),
        ({"free_bytes": 16 * MB - 1}, 50, Ruling(optimise=False, why="15 MiB unused, less than 16 MiB")),
        ({"free_bytes": 20 * MB - 1}, 50, Ruling(optimise=False, why="20% unused, less than 20%")),
    ],
)
def test_rulings_in_full(changed: dict[str, Any], left: float, ruling: Ruling) -> None:
    assert rule_table(replace(FACTS, **changed), LIMITS, rate=None, left=left) == ruling
    assert rule_table(FACTS, LIMITS, rate=10.0 * MB, left=20).seconds == 20.0


@pytest.mark.parametrize(
    ("size", "free", "room", "ruling"),
    [
        (
            100 * MB,
            40 * MB,
            200 * MB,
            Ruling(optimise=True, why="40 MiB unused, 67% of what is used", seconds=50.0),
        ),
        (
            100 * MB,
            40 * MB,
            200 * MB - 1,
            Ruling(optimise=False, why="it needs 200 MiB on its disk, and 199 MiB is free"),
        ),
        (
            100 * MB,
            40 * MB,
            None,
            Ruling(optimise=False, why="it needs 200 MiB on its disk, and an unknown amount is free"),
        ),
        (100 * MB, None, 200 * MB, Ruling(optimise=False, why="how fragmented it is is unknown")),
        (None, 40 * MB, 200 * MB, Ruling(optimise=False, why="how fragmented it is is unknown")),
        (40 * MB, 40 * MB, 200 * MB, Ruling(optimise=False, why="how fragmented it is is unknown")),
        (100 * MB, 0, 200 * MB, Ruling(optimise=False, why="0 bytes unused, less than 16 MiB")),
        (100 * MB, 0, None, Ruling(optimise=False, why="0 bytes unused, less than 16 MiB")),
    ],
)
def test_rulings_of_files_in_full(
    size: int | None, free: int | None, room: int | None, ruling: Ruling
) -> None:
    assert rule_file(size, free, LIMITS, left=50, room=room) == ruling


def test_the_edge_of_what_tells_a_rate_and_other_numbers() -> None:
    assert measured_rate([(MB, 1.0)]) == float(MB)
    assert measured_rate([(MB - 1, 1.0)]) is None
    assert FIRST_RATE == 4 * MB
    assert BY == "weekly optimization"
    assert Ruling(optimise=False, why="a") == Ruling(optimise=False, why="a", seconds=None)


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([("ERROR", "a"), ("error", "b")], "a; b"),
        ([("Status", "Table is CORRUPT"), ("status", "OK")], "Table is CORRUPT"),
        ([("STATUS", "ok"), ("status", "It FAILED")], "It FAILED"),
    ],
)
def test_what_else_mysql_says(messages: list[tuple[str, str]], problem: str) -> None:
    assert problem_in(messages) == problem
