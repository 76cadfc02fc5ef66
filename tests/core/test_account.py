"""The account: sums by kind and operation, and its flat form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guard.core.account import Account
from guard.core.counts import Count
from tests.core.strategies import many

counts = st.dictionaries(
    st.tuples(st.sampled_from(Count), st.text("abc_:", max_size=5)), st.integers(0, 1000), max_size=12
)


@given(counts)
@many
def test_the_flat_form_says_the_same(numbers: dict[tuple[Count, str], int]) -> None:
    assert Account.from_fields(Account(numbers).to_fields()) == Account(numbers)


@given(counts, st.sampled_from(Count))
@many
def test_totals_are_sums_over_operations(numbers: dict[tuple[Count, str], int], kind: Count) -> None:
    account = Account(numbers)
    assert account.total(kind) == sum(number for (one, _), number in numbers.items() if one == kind)
    assert sum(account.by_operation(kind).values()) == account.total(kind)


def test_what_is_still_parked_was_neither_released_nor_discarded() -> None:
    account = Account(
        {
            (Count.PARKED, "a"): 10,
            (Count.PARKED, "b"): 2,
            (Count.RELEASED, "a"): 7,
            (Count.DISCARDED, "b"): 1,
            (Count.EXPIRED, "a"): 3,
        }
    )
    assert account.still_parked == 4
    assert account.by_operation(Count.PARKED) == {"a": 10, "b": 2}


def test_counters_of_another_release_are_left_out() -> None:
    assert Account.from_fields({"levitated:a": 3, "parked:a": 1, "nonsense": 4}) == Account(
        {(Count.PARKED, "a"): 1}
    )


def test_a_new_account_is_empty() -> None:
    assert all(Account().total(kind) == 0 for kind in Count)
    assert Account().still_parked == 0


def test_the_flat_form_as_it_is_stored() -> None:
    account = Account({(Count.REFUSED, "caption_generation"): 3, (Count.PARKED, "a:b"): 1})
    assert account.to_fields() == {"refused:caption_generation": 3, "parked:a:b": 1}
    assert Account.from_fields({"parked:a:b": 2, "refused:": 4}).counts == {
        (Count.PARKED, "a:b"): 2,
        (Count.REFUSED, ""): 4,
    }


def test_what_ran_when_the_gate_closed_and_has_no_end_yet() -> None:
    ends = (Count.COMPLETED, Count.INTERRUPTED, Count.KILLED, Count.LOST, Count.RAN_ON)
    counts = {(Count.RUNNING, "a"): 40, (Count.RUNNING, "b"): 60, (Count.PARKED, "a"): 7}
    ended = {(kind, "a"): 2**number for number, kind in enumerate(ends)}
    assert Account(counts).not_ended == 100
    assert Account({**counts, **ended}).not_ended == 100 - 31
    assert {kind for kind in Count if Account({(kind, "a"): 1}).not_ended == -1} == set(ends)
