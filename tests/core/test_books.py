"""The report says whether a window adds up, and what is missing if it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.account import Account
from guard.core.books import Books, balance
from guard.core.counts import Count
from tests.core.strategies import many


def account(**counts: int) -> Account:
    return Account({(Count(name), "job_creation"): number for name, number in counts.items()})


@pytest.mark.parametrize(
    ("counts", "facts", "expected"),
    [
        ({}, {}, {"adds_up": True}),
        ({"refused": 5, "held": 3}, {}, {"adds_up": True}),
        ({"parked": 4, "released": 4}, {}, {"adds_up": True, "still_parked": 0}),
        ({"parked": 4, "released": 1}, {"still_parked": 3}, {"adds_up": True, "still_parked": 3}),
        ({"parked": 4, "released": 1}, {"still_parked": 1}, {"adds_up": False, "unaccounted": 2}),
        ({"parked": 4, "released": 2, "discarded": 2}, {}, {"adds_up": True}),
        ({"parked": 1}, {"still_parked": None}, {"adds_up": None, "unaccounted": None}),
        ({"running": 3, "completed": 3}, {}, {"adds_up": True}),
        ({"running": 3, "completed": 1, "killed": 1, "interrupted": 1}, {}, {"adds_up": True}),
        ({"running": 3, "completed": 1, "lost": 2}, {}, {"adds_up": True, "uncounted": 0}),
        ({"running": 3, "completed": 1}, {"still_running": 2}, {"adds_up": True}),
        ({"running": 3, "completed": 1}, {"still_running": None}, {"adds_up": None}),
        ({"running": 3, "completed": 1}, {}, {"adds_up": False, "unaccounted": 2}),
        ({"running": 3, "completed": 1}, {"gone_workers": 1}, {"adds_up": True, "with_gone_workers": 2}),
        ({"running": 3, "completed": 1, "ran_on": 2}, {}, {"adds_up": True, "unaccounted": 0}),
        ({"running": 3, "completed": 1}, {"silent_workers": 1}, {"adds_up": None, "unaccounted": None}),
        ({"running": 3, "completed": 3}, {"silent_workers": 1}, {"adds_up": True}),
        ({"running": 1}, {"silent_workers": 1, "gone_workers": 1}, {"adds_up": True, "with_gone_workers": 1}),
        ({"running": 1, "parked": 2}, {"silent_workers": 1}, {"adds_up": False, "unaccounted": 2}),
        ({"running": 1, "completed": 3}, {}, {"adds_up": True, "uncounted": 2}),
        ({"running": 1}, {"still_running": 2}, {"adds_up": True, "uncounted": 1}),
        ({"parked": 1, "released": 3, "running": 1, "killed": 2}, {}, {"uncounted": 3}),
        ({"parked": 1, "released": 2, "running": 1}, {}, {"adds_up": False, "uncounted": 1}),
    ],
)
def test_balance(counts: dict[str, int], facts: dict[str, int | None], expected: dict[str, object]) -> None:
    known: dict[str, int | None] = {"still_parked": 0, "still_running": 0, "gone_workers": 0, **facts}
    books = balance(account(**counts), **known)  # type: ignore[arg-type]
    assert {name: getattr(books, name) for name in expected} == expected


@given(
    st.dictionaries(st.sampled_from(Count), st.integers(0, 50)),
    st.none() | st.integers(0, 50),
    st.none() | st.integers(0, 50),
    st.integers(0, 3),
)
@many
def test_it_never_adds_up_with_something_unknown_or_missing(
    counts: dict[Count, int], parked: int | None, running: int | None, gone: int
) -> None:
    books = balance(
        Account({(kind, "x"): number for kind, number in counts.items()}),
        still_parked=parked,
        still_running=running,
        gone_workers=gone,
    )
    assert isinstance(books, Books)
    if parked is None or running is None:
        assert books.adds_up is None
    else:
        assert books.unaccounted is not None
        assert books.adds_up == (books.unaccounted == 0)


def test_counters_that_were_lost_make_no_job_unaccounted() -> None:
    parts = {"still_parked": 0, "still_running": 0, "gone_workers": 0}
    assert balance(account(parked=2), **parts).adds_up is False  # type: ignore[arg-type]
    lost = balance(account(parked=2), **parts, whole=False)  # type: ignore[arg-type]
    assert (lost.unaccounted, lost.adds_up) == (None, None)


def test_as_plain_values() -> None:
    books = balance(account(parked=3, running=2), still_parked=1, still_running=1, gone_workers=0)
    assert books.to_dict() == {
        "still_parked": 1,
        "still_running": 1,
        "with_gone_workers": 0,
        "uncounted": 0,
        "unaccounted": 3,
        "adds_up": False,
    }


def test_one_that_is_missing_is_missing() -> None:
    one = balance(account(parked=1), still_parked=0, still_running=0, gone_workers=0)
    assert (one.unaccounted, one.adds_up) == (1, False)
    gone = balance(account(running=1), still_parked=0, still_running=0, gone_workers=1)
    assert (gone.with_gone_workers, gone.unaccounted, gone.adds_up) == (1, 0, True)
    nobody = balance(account(running=1), still_parked=None, still_running=None, gone_workers=1)
    assert (nobody.with_gone_workers, nobody.uncounted, nobody.unaccounted) == (0, 0, None)
