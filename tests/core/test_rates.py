"""What is left of a rate, as headers tell it."""

from __future__ import annotations

import pytest

from guard.core.rates import RATES, Allowance, Rate, allowance

RATE = Rate(limit=10, seconds=60)


@pytest.mark.parametrize(
    ("remaining", "resets_at", "left"),
    [
        (9, 130.0, Allowance(limit=10, remaining=9, reset_after=30)),
        (0, 100.2, Allowance(limit=10, remaining=0, reset_after=1)),
        (-1, 100.0, Allowance(limit=10, remaining=0, reset_after=1)),
        (5, 50.0, Allowance(limit=10, remaining=5, reset_after=1)),  # clocks of two machines
        (5, 9_999.0, Allowance(limit=10, remaining=5, reset_after=60)),
    ],
)
def test_what_is_left(remaining: int, resets_at: float, left: Allowance) -> None:
    assert allowance(RATE, remaining=remaining, resets_at=resets_at, now=100.0) == left


def test_guessing_six_digits_takes_years() -> None:
    """Whoever has a stolen token and all addresses of the world: three codes count at a time."""
    rate = RATES["code of owner"]
    tries_per_year = rate.limit * 365 * 24 * 3600 / rate.seconds
    at_one_address = RATES["code"].limit * 3600 / RATES["code"].seconds
    assert tries_per_year * 3 / 10**6 < 3
    assert at_one_address < rate.limit  # so one address alone never shuts an owner out everywhere


def test_the_rates() -> None:
    assert {name: (rate.limit, rate.seconds) for name, rate in RATES.items()} == {
        "public": (600, 60),
        "read": (600, 60),
        "change": (60, 60),
        "sign in": (20, 300),
        "wrong token": (10, 300),
        "code": (6, 300),
        "code of owner": (100, 3600),
        "alert of guessing": (1, 3600),
    }


@pytest.mark.parametrize(("resets_at", "after"), [(101.0, 1), (101.1, 2), (160.0, 60), (160.1, 60)])
def test_whole_seconds_upwards(resets_at: float, after: int) -> None:
    assert allowance(RATE, remaining=1, resets_at=resets_at, now=100.0) == Allowance(
        limit=10, remaining=1, reset_after=after
    )
