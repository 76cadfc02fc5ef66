"""Refused tries: a few lines, and an exact count of all the others."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from guard.core.flood import ADDRESSES, LINES_IN_ALL, LINES_OF_ONE, PERIOD_SECONDS, Flood
from tests.core.strategies import many


def after(tries: list[tuple[str, str]]) -> tuple[Flood, int]:
    flood, lines = Flood(since=0.0), 0
    for kind, address in tries:
        flood, has_line = flood.take(kind, address)
        lines += has_line
    return flood, lines


def test_one_address_gets_a_few_lines() -> None:
    flood, lines = after([("token", "a")] * 1000)
    assert lines == LINES_OF_ONE
    assert flood.detail(9.0) == {
        "count": 1000 - LINES_OF_ONE,
        "since": 0.0,
        "until": 9.0,
        "kinds": {"token": 1000 - LINES_OF_ONE},
        "addresses": {"a": 1000 - LINES_OF_ONE},
    }


def test_another_kind_and_another_address_have_lines_of_their_own() -> None:
    flood, _ = after([("token", "a")] * 100)
    assert flood.take("step up", "a")[1]
    assert flood.take("token", "b")[1]
    assert not flood.take("token", "a")[1]


def test_many_addresses_cannot_fill_the_journal_nor_the_line() -> None:
    flood, lines = after([("token", str(number)) for number in range(1000)])
    assert lines == LINES_IN_ALL
    assert len(flood.addresses) == ADDRESSES + 1
    assert flood.addresses["others"] == 1000 - LINES_IN_ALL - ADDRESSES
    assert len(json.dumps(flood.detail(9.0))) < 8000


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*"123456", "others"])), max_size=300))
@many
def test_lines_and_counts_are_all_tries(tries: list[tuple[str, str]]) -> None:
    flood, lines = after(tries)
    assert lines + flood.left_out == len(tries)
    assert sum(flood.addresses.values()) == flood.left_out == sum(flood.kinds.values())


def test_a_period_ends_and_so_does_one_in_the_future() -> None:
    flood, whole = Flood(since=100.0), PERIOD_SECONDS
    over = [flood.is_over(100.0 + later) for later in (-1.0, 0.0, whole - 0.1, whole)]
    assert over == [True, False, False, True]


def test_the_numbers() -> None:
    assert (PERIOD_SECONDS, LINES_OF_ONE, LINES_IN_ALL, ADDRESSES) == (60.0, 5, 60, 50)
    assert Flood(since=1.0) == Flood(since=1.0, lines={}, kinds={}, addresses={})


def test_one_address_is_counted_under_its_name_once_it_has_been() -> None:
    flood, _ = after([("token", str(number)) for number in range(LINES_IN_ALL + ADDRESSES)])
    known = str(LINES_IN_ALL)
    again, has_line = flood.take("token", known)
    assert not has_line
    assert (again.addresses[known], "others" in again.addresses) == (2, False)
    assert flood.take("token", "new")[0].addresses["others"] == 1
