"""How fast jobs may go back, and when they had better not."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ErrorLimit", "Pace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast parked jobs go back.

    Attributes:
        rate: jobs per second when the ramp is over; 0 means as fast as the broker takes them.
        ramp: seconds in which the rate grows from a tenth to the whole.
    """

    rate: float = 0.0
    ramp: float = 0.0

    def allowed(self, elapsed: float) -> float:
        """How many jobs may have gone back after this many seconds; infinite without a rate."""
        if self.rate <= 0:
            return float("inf")
        if elapsed <= 0:
            return 0.0
        if elapsed >= self.ramp:
            return self.rate * (elapsed - self.ramp) + self._in_ramp(self.ramp)
        return self._in_ramp(elapsed)

    def _in_ramp(self, elapsed: float) -> float:
        # The integral of a rate that grows in a straight line from 10 % to 100 %.
        if self.ramp <= 0:
            return 0.0
        return self.rate * (0.1 * elapsed + 0.9 * elapsed * elapsed / (2 * self.ramp))

    def wait(self, released: int, elapsed: float) -> float:
        """Seconds to wait before the next job; 0 when it may go at once, at most half a second."""
        if self.allowed(elapsed) > released:
            return 0.0
        return min(0.5, max(0.001, 1 / self.rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLimit:
    """When a release stops because jobs fail.

    Attributes:
        share: of the released jobs, 0 to 1, that may fail; 0: no limit.
        least: so many must have gone back before anything is concluded from their failing.
    """

    share: float = 0.0
    least: int = 20

    def is_exceeded(self, failed: int, released: int) -> bool:
        """Whether this many of so many are too many."""
        return self.share > 0 and released >= self.least and failed / released > self.share
