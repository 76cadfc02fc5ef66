"""The lease: its relations hold, and the barrier outlasts every belief."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.lease import DRIFT, LeaseTimes
from guard.errors import InvalidRequest
from tests.core.strategies import many

leases = st.floats(1.0, 15.0)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        pytest.param({"lease": 0.5}, "lease of 0.5", id="a lease too short"),
        pytest.param({"lease": 16.0}, "lease of 16", id="a lease too long"),
        pytest.param({"lease": float("nan")}, "lease of nan", id="a lease that is no number"),
        pytest.param({"renew": 1.3}, "at most a quarter", id="renewals too rare"),
        pytest.param({"timeout": 1.0}, "shorter", id="a timeout as long as the pause"),
    ],
)
def test_times_out_of_range(times: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        LeaseTimes(**times)


# Once a bug: not-a-number passes every comparison, and a timeout of zero or less makes redis-py non-
# blocking or raise ValueError in the agent's thread.
@pytest.mark.parametrize(
    "times",
    [
        pytest.param({"renew": float("nan")}, id="a renewal that is no number"),
        pytest.param({"timeout": float("nan")}, id="a timeout that is no number"),
        pytest.param({"timeout": 0.0}, id="no time for a renewal"),
        pytest.param({"timeout": -3.0}, id="a negative timeout"),
        pytest.param({"renew": 0.0, "timeout": -1.0}, id="renewals without a pause"),
    ],
)
def test_times_that_are_no_times(times: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest):
        LeaseTimes(**times)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param({"lease": 1.0, "renew": 0.25, "timeout": 0.1}, id="the shortest lease"),
        pytest.param({"lease": 15.0, "renew": 3.75, "timeout": 3.74}, id="the longest lease"),
    ],
)
def test_the_ends_of_the_range_are_in_it(times: dict[str, float]) -> None:
    assert LeaseTimes(**times).trusted_until(0.0) == times["lease"]


def test_renewals_without_a_pause_are_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        LeaseTimes(renew=0.0)
    assert any("renewal every 0.0 s" in problem for problem in caught.value.problems)


def test_all_problems_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        LeaseTimes(lease=20.0, renew=10.0, timeout=11.0)
    assert len(caught.value.problems) == 3


def test_defaults_are_those_of_the_design() -> None:
    times = LeaseTimes()
    assert (times.lease, times.renew, times.jitter) == (5.0, 1.0, 0.2)
    assert times.barrier == pytest.approx(5.55)


@given(leases, st.floats(1 - DRIFT / 2, 1 + DRIFT / 2), st.floats(0, 1e9))
@many
def test_nobody_believes_an_old_epoch_when_the_barrier_has_passed(
    lease: float, rate: float, sent: float
) -> None:
    """The waiter's clock runs up to 1 % faster than the believer's: in true seconds it waits long enough."""
    times = LeaseTimes(lease=lease, renew=lease / 4, timeout=lease / 8)
    believer_rate, waiter_rate = 2 - rate, rate
    believed_for = (times.trusted_until(sent) - sent) / believer_rate
    assert times.barrier / waiter_rate >= believed_for - 1e-6


@given(leases)
@many
def test_trust_starts_at_the_question(lease: float) -> None:
    times = LeaseTimes(lease=lease, renew=lease / 4, timeout=lease / 8)
    assert times.trusted_until(100.0) == 100.0 + lease
