"""The barrier of `enable()`: when may it return, and what may it claim?

Rules (model: docs/model/barrier.pml):
1. Safety comes from time alone: `barrier` seconds after the epoch was written, by the waiter's own
   clock, nobody believes an older epoch.
2. Acknowledgements make it faster: if every registered agent has acknowledged, it may return at
   once, but only while the registry is known to be whole: kept by one server without a gap for
   as long. A registry that was just lost hides live workers, who may believe an older epoch for a
   lease by their own clocks, and those may be slow.
3. What was not seen is not claimed: an agent that did not acknowledge is unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["BarrierFacts", "Verdict", "judge"]


class Verdict(Enum):
    """Three answers, since *not yet* differs from *never*."""

    WAIT = auto()
    CONFIRMED = auto()
    """Every registered agent has acknowledged."""
    TIMED_OUT = auto()
    """Time has closed the rest; some are unconfirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarrierFacts:
    """What the waiter knows.

    Attributes:
        waited: seconds since the epoch was written, by the waiter's own clock.
        barrier: seconds after which time alone is proof.
        pending: how many registered agents have not acknowledged this epoch; None when unknown.
        registry_age: seconds for which the registry has been whole; None when unknown.
        whole_after: age in seconds from which on the registry is known to be whole: the barrier.
    """

    waited: float
    barrier: float
    pending: int | None
    registry_age: float | None
    whole_after: float


def judge(facts: BarrierFacts) -> Verdict:
    """Whether the barrier is passed, and by what right."""
    whole = facts.registry_age is not None and facts.registry_age > facts.whole_after
    if facts.pending == 0 and (whole or facts.waited >= facts.barrier):
        return Verdict.CONFIRMED
    return Verdict.TIMED_OUT if facts.waited >= facts.barrier else Verdict.WAIT
