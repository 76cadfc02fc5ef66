"""The ledger's rule: overdue, nowhere, and nowhere again."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.ledger import SETTLED_SECONDS, LedgerEntry, LostJob, due_before, judge
from tests.core.strategies import json_values, many

NOW = 1_700_000_000.0
ENTRY = LedgerEntry(
    task_id="t-1",
    task="shop.job",
    operation="job_creation",
    queue="jobs",
    publication="p-1",
    accepted_at=NOW - 60,
)


def test_a_job_settles_in_five_seconds() -> None:
    assert due_before([], {}, now=100.0) == 95.0


@pytest.mark.parametrize(
    ("heads", "accepted_at", "due"),
    [
        pytest.param([], {}, NOW - SETTLED_SECONDS, id="an empty queue has given away all that has settled"),
        pytest.param([["a"]], {"a": NOW - 50}, NOW - 50, id="what is older than the next one is overdue"),
        pytest.param([["a"]], {"a": NOW - 1}, NOW - SETTLED_SECONDS, id="never what has not settled"),
        pytest.param([["x", "a"]], {"a": NOW - 50}, NOW - 50, id="the next one that is known counts"),
        pytest.param([["x"]], {}, None, id="nobody can say when nothing next is known"),
        pytest.param(
            [["a"], ["b"]], {"a": NOW - 20, "b": NOW - 90}, NOW - 90, id="the slowest priority counts"
        ),
        pytest.param([["a"], ["x"]], {"a": NOW - 20}, None, id="one priority of which nothing is known"),
    ],
)
def test_due_before(heads: list[list[str]], accepted_at: dict[str, float], due: float | None) -> None:
    assert due_before(heads, accepted_at, now=NOW) == due


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4), max_size=3),
    st.dictionaries(st.sampled_from("abcdef"), st.floats(NOW - 1000, NOW + 1000)),
)
@many
def test_what_is_next_is_never_overdue(heads: list[list[str]], accepted_at: dict[str, float]) -> None:
    due = due_before(heads, accepted_at, now=NOW)
    if due is not None:
        assert due <= NOW - SETTLED_SECONDS
        assert all(any(accepted_at.get(task_id, -1.0) >= due for task_id in ids) for ids in heads)


@pytest.mark.parametrize(
    ("suspected", "is_lost"),
    [({}, False), ({"t-1": "p-1"}, True), ({"t-1": "another publication"}, False), ({"t-2": "p-1"}, False)],
)
def test_only_who_was_missed_twice_is_lost(suspected: dict[str, str], is_lost: bool) -> None:
    suspects, lost = judge([ENTRY], suspected)
    assert (suspects, lost) == (([], [ENTRY]) if is_lost else ([ENTRY], []))


def test_an_entry_is_read_back() -> None:
    assert LedgerEntry.from_dict(ENTRY.to_dict()) == ENTRY
    assert LostJob(entry=ENTRY, found_at=NOW).to_dict() == {**ENTRY.to_dict(), "found_at": NOW}


@given(st.dictionaries(st.sampled_from(list(ENTRY.to_dict())), json_values))
@many
def test_nonsense_is_a_value_error(raw: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(LedgerEntry.from_dict(raw), LedgerEntry)
