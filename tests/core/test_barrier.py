"""The barrier: a dumb oracle over all facts, and what time and acknowledgements may never undo."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.barrier import BarrierFacts, Verdict, judge
from tests.core.strategies import many

LEASE, BARRIER = 5.0, 5.55
facts = st.builds(
    BarrierFacts,
    waited=st.floats(0, 20),
    barrier=st.just(BARRIER),
    pending=st.none() | st.integers(0, 5),
    registry_age=st.none() | st.floats(-1, 20),
    whole_after=st.just(LEASE),
)


def oracle(waited: float, pending: int | None, age: float | None) -> Verdict:
    timed = waited >= BARRIER
    if pending is None or pending > 0:
        return Verdict.TIMED_OUT if timed else Verdict.WAIT
    if timed:
        return Verdict.CONFIRMED
    if age is None:
        return Verdict.WAIT
    return Verdict.CONFIRMED if age > LEASE else Verdict.WAIT


@pytest.mark.parametrize(
    ("waited", "pending", "age"),
    list(product([0.0, 5.0, 5.54, 5.55, 60.0], [None, 0, 1, 7], [None, -0.001, 0.0, 4.9, 5.0, 5.1, 900.0])),
)
def test_verdict(waited: float, pending: int | None, age: float | None) -> None:
    given_facts = BarrierFacts(
        waited=waited, barrier=BARRIER, pending=pending, registry_age=age, whole_after=LEASE
    )
    assert judge(given_facts) is oracle(waited, pending, age)


@given(facts, st.floats(0, 20))
@many
def test_once_passed_it_stays_passed(one: BarrierFacts, more: float) -> None:
    if judge(one) is not Verdict.WAIT:
        assert judge(replace(one, waited=one.waited + more)) is not Verdict.WAIT


@given(facts)
@many
def test_what_was_not_seen_is_not_claimed(one: BarrierFacts) -> None:
    if judge(one) is Verdict.CONFIRMED:
        assert one.pending == 0
    if judge(one) is not Verdict.WAIT:
        assert one.waited >= BARRIER or (one.registry_age is not None and one.registry_age > LEASE)


@given(facts)
@many
def test_fewer_pending_agents_never_make_it_later(one: BarrierFacts) -> None:
    if one.pending is not None and judge(one) is not Verdict.WAIT:
        assert judge(replace(one, pending=max(0, one.pending - 1))) is not Verdict.WAIT


@given(facts)
@many
def test_time_alone_is_enough(one: BarrierFacts) -> None:
    assert judge(replace(one, waited=BARRIER)) is not Verdict.WAIT
