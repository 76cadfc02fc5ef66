"""A pace that is never exceeded."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guard.core.pace import ErrorLimit, Pace
from tests.core.strategies import many, some

rates = st.floats(0.01, 5000)
ramps = st.just(0.0) | st.floats(0.01, 3600)
paces = st.builds(Pace, rate=rates, ramp=ramps)


@given(paces, st.floats(0, 7200), st.floats(0, 7200))
@many
def test_what_is_allowed_only_grows_and_never_faster_than_the_rate(
    pace: Pace, one: float, more: float
) -> None:
    before, after = pace.allowed(one), pace.allowed(one + more)
    slack = 1e-6 * (1 + after)
    assert 0 <= before <= after + slack
    assert after - before <= pace.rate * more + slack


@given(paces, st.floats(0, 3600))
@many
def test_the_ramp_only_gets_faster(pace: Pace, start: float) -> None:
    step = 10.0
    first = pace.allowed(start + step) - pace.allowed(start)
    second = pace.allowed(start + 2 * step) - pace.allowed(start + step)
    assert second >= first - 1e-6 * (1 + pace.allowed(start + 2 * step))


@given(rates, st.floats(1, 600), st.floats(0, 1200))
@some
def test_allowed_is_the_sum_of_a_rate_that_grows_from_a_tenth(
    rate: float, ramp: float, elapsed: float
) -> None:
    steps = 400
    width = elapsed / steps
    total = sum(
        rate * min(1.0, 0.1 + 0.9 * ((number + 0.5) * width) / ramp) * width for number in range(steps)
    )
    assert Pace(rate=rate, ramp=ramp).allowed(elapsed) == pytest.approx(total, rel=0.01, abs=1e-6)


@given(
    st.floats(0.5, 400),
    st.just(0.0) | st.floats(0.5, 30),
    st.lists(st.floats(0, 0.05), min_size=20, max_size=150),
)
@some
def test_a_release_at_this_pace_never_goes_faster(rate: float, ramp: float, delays: list[float]) -> None:
    """The releaser's loop on a clock of our own; each job also takes its own time."""
    pace, elapsed = Pace(rate=rate, ramp=ramp), 0.0
    for released, delay in enumerate(delays):
        turns = 0
        while (pause := pace.wait(released, elapsed)) > 0:
            assert 0.001 <= pause <= 0.5
            elapsed += pause
            turns += 1
            assert turns < 100_000, "it never goes on"
        assert released < pace.allowed(elapsed)
        elapsed += delay


@given(st.integers(0, 10**9), st.floats(-10, 1e9))
@many
def test_without_a_rate_nothing_waits(released: int, elapsed: float) -> None:
    assert Pace(ramp=60).wait(released, elapsed) == 0.0


@given(paces, st.floats(-1e9, 0))
@many
def test_before_the_start_nothing_may_go(pace: Pace, elapsed: float) -> None:
    assert pace.allowed(elapsed) == 0
    assert pace.wait(0, elapsed) > 0


@given(st.floats(1, 100), st.floats(0.1, 60))
@many
def test_a_tenth_at_the_start_of_the_ramp(rate: float, ramp: float) -> None:
    assume(ramp > 0)
    little = ramp / 10_000
    assert Pace(rate=rate, ramp=ramp).allowed(little) / little == pytest.approx(rate / 10, rel=0.01)


@pytest.mark.parametrize(
    ("share", "failed", "released", "exceeded"),
    [
        pytest.param(0.0, 100, 100, False, id="no limit"),
        pytest.param(0.5, 15, 15, False, id="too few to tell"),
        pytest.param(0.5, 10, 20, False, id="as many as may"),
        pytest.param(0.5, 11, 20, True, id="too many"),
        pytest.param(0.5, 11, 200, False, id="of many"),
    ],
)
def test_when_a_release_stops(share: float, failed: int, released: int, exceeded: bool) -> None:
    assert ErrorLimit(share=share).is_exceeded(failed, released) is exceeded


@pytest.mark.parametrize(
    ("rate", "pause"),
    [
        pytest.param(5000.0, 0.001, id="no shorter than a thousandth, or it would spin"),
        pytest.param(4.0, 0.25, id="about one job"),
        pytest.param(0.1, 0.5, id="no longer than half a second, so that a stop is seen"),
    ],
)
def test_how_long_a_pause_is(rate: float, pause: float) -> None:
    assert Pace(rate=rate).wait(10**9, 1.0) == pause


def test_unless_told_otherwise_jobs_go_back_at_once_and_whatever_fails() -> None:
    assert (Pace().rate, Pace().ramp) == (0.0, 0.0)
    assert (ErrorLimit().share, ErrorLimit().least) == (0.0, 20)


def test_without_a_ramp_the_whole_rate_from_the_start() -> None:
    assert Pace(rate=3.0).allowed(2.0) == 6.0


def test_in_and_after_the_ramp() -> None:
    pace = Pace(rate=10.0, ramp=4.0)
    assert pace.allowed(2.0) == pytest.approx(6.5)  # half of the ramp: from 1 to 5.5 a second
    assert pace.allowed(4.0) == pytest.approx(22.0)
    assert pace.allowed(6.0) == pytest.approx(42.0)
