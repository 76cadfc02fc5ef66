"""How many tries there are in a time, for what, and what is said of it.

A rate counts for one key (an address, an owner, an owner at an address), in all processes together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["RATES", "Allowance", "Rate", "allowance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many tries in so many seconds, counted from each try on."""

    limit: int
    seconds: int


RATES = {
    "public": Rate(limit=600, seconds=60),
    "read": Rate(limit=600, seconds=60),
    "change": Rate(limit=60, seconds=60),
    "sign in": Rate(limit=20, seconds=300),
    "wrong token": Rate(limit=10, seconds=300),
    "code": Rate(limit=6, seconds=300),
    "code of owner": Rate(limit=100, seconds=3600),
    "alert of guessing": Rate(limit=1, seconds=3600),
}
"""`code` is for one owner at one address, so that nobody else uses an owner's tries up. `code of owner` is
what whoever has stolen a token can try from anywhere; break-glass codes, which nobody can guess, pass it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left, as headers tell it: tries in all, tries left, whole seconds until there are more."""

    limit: int
    remaining: int
    reset_after: int


def allowance(rate: Rate, *, remaining: int, resets_at: float, now: float) -> Allowance:
    """What is left of a rate."""
    after = math.ceil(resets_at - now)
    return Allowance(
        limit=rate.limit, remaining=max(0, remaining), reset_after=min(max(after, 1), rate.seconds)
    )
