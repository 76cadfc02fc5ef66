"""Release: the ruling on each job, and a pace that is never exceeded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guard.core.release import ExpiryPolicy, Fate, Pace, rule
from tests.core.strategies import many, some
from tests.core.test_parked import JOB

NOW = 1_700_010_000.0
PARKED_AT = NOW - 600
KNOWN = {"tasks.images.optimize"}


def at(seconds: float, *, naive: bool = False) -> str:
    moment = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds)
    return (moment.replace(tzinfo=None) if naive else moment).isoformat()


ROWS = [
    # a sentence, task known, expires, policy, fate, what it is published with, seconds left
    ("no worker knows it", False, None, "report", "wait", None, None),
    ("no worker knows it, expired or not", False, at(-5), "report", "wait", None, None),
    ("it has no expiry", True, None, "report", "give back", None, None),
    ("it has no expiry to extend", True, None, "extend", "give back", None, None),
    ("it expires later", True, at(60), "report", "give back", at(60), 60),
    ("it expired while parked", True, at(-60), "report", "give back expired", at(-60), None),
    ("it expires at this moment", True, at(0), "report", "give back expired", at(0), None),
    ("the window was a delay", True, at(-60), "extend", "give back", at(540), 540),
    ("it had expired before it was parked", True, at(-700), "extend", "give back expired", at(-100), None),
    (
        "an expiry without a zone is UTC",
        True,
        at(60, naive=True),
        "report",
        "give back",
        at(60, naive=True),
        60,
    ),
    ("an expiry nobody can read", True, "tomorrow", "report", "give back", "tomorrow", None),
    ("an expiry nobody can extend", True, "tomorrow", "extend", "give back", "tomorrow", None),
]


@pytest.mark.parametrize(
    ("known", "expires", "policy", "fate", "published", "left"),
    [r[1:] for r in ROWS],
    ids=[r[0] for r in ROWS],
)
def test_ruling(
    known: bool, expires: str | None, policy: str, fate: str, published: str | None, left: float | None
) -> None:
    job = replace(JOB, expires=expires, parked_at=PARKED_AT)
    ruling = rule(job, known_tasks=KNOWN if known else set(), policy=ExpiryPolicy(policy), now=NOW)
    assert (ruling.fate.value, ruling.expires) == (fate, published)
    assert ruling.expires_in == (pytest.approx(left) if left is not None else None)


# Once a bug: OverflowError for a publisher's "never" with GUARD_EXPIRED_JOBS=extend; the release stops
# there for ever, since nobody catches it in the releaser.
@pytest.mark.parametrize("expires", ["9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59"])
def test_an_expiry_of_never_is_not_extended(expires: str) -> None:
    job = replace(JOB, expires=expires, parked_at=PARKED_AT)
    assert rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.EXTEND, now=NOW).fate is Fate.GIVE_BACK


@given(st.floats(-1e6, 1e6), st.floats(0, 604_800))
@many
def test_extending_moves_an_expiry_by_the_time_parked_and_by_nothing_else(left: float, parked: float) -> None:
    job = replace(JOB, expires=at(left), parked_at=NOW - parked)
    reported = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.REPORT, now=NOW)
    extended = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.EXTEND, now=NOW)
    assert reported.expires == job.expires
    assert extended.expires is not None
    moved = datetime.fromisoformat(extended.expires) - datetime.fromisoformat(at(left))
    assert moved.total_seconds() == pytest.approx(parked, abs=1e-3)
    assert (extended.fate is Fate.GIVE_BACK) == (datetime.fromisoformat(extended.expires).timestamp() > NOW)


@given(st.floats(-1e9, 1e9))
@many
def test_a_clock_that_went_back_shortens_nothing(ahead: float) -> None:
    job = replace(JOB, expires=at(60), parked_at=NOW + abs(ahead))
    ruling = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.EXTEND, now=NOW)
    assert ruling.expires_in == pytest.approx(60)


@given(st.none() | st.text(max_size=40), st.sampled_from(ExpiryPolicy))
@many
def test_any_expiry_gets_a_ruling(expires: str | None, policy: ExpiryPolicy) -> None:
    job = replace(JOB, expires=expires, parked_at=PARKED_AT)
    assert rule(job, known_tasks=KNOWN, policy=policy, now=NOW).fate is not Fate.WAIT


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
