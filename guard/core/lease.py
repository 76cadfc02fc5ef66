"""The lease: how long a process may believe the state that it has read.

Theory. A process asks for the state at its own time t0 and is told epoch n. It may believe that
until t0 + L, counted from *before the question was sent*, by its own clock that also runs during
suspend. Whoever writes epoch n+1 at time T and then waits L on its own clock therefore knows that
nobody believes n any more, without hearing from anyone: time alone gives safety, acknowledgements
only make it faster. Rules that follow, each with a counter-example when left out (`docs/model/barrier.pml`):

- the lease starts at the send, never at the reply;
- a smaller epoch is never accepted;
- after a new connection SQL is asked before Redis is believed, since a failover may have lost the
  last write;
- the writer measures L on its own clock, never by a TTL in Redis.

The two clocks may run at rates that differ by 1 % (`DRIFT`), and half a second covers rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.errors import InvalidRequest

__all__ = ["DRIFT", "MARGIN_SECONDS", "LeaseTimes"]

DRIFT = 0.01
MARGIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTimes:
    """The times of the lease, in seconds, and the relations that they must keep.

    Attributes:
        lease: how long a state may be believed (L). Kubernetes uses 15, Chubby 12; 3 to 15 here.
        renew: how often it is renewed (R), ± `jitter`. R is at most L / 4, so three renewals may fail.
        timeout: how long one renewal may take; less than R.
        jitter: share of R by which each renewal is moved at random, so that a fleet does not march.
    """

    lease: float = 5.0
    renew: float = 1.0
    timeout: float = 0.5
    jitter: float = 0.2

    def __post_init__(self) -> None:
        problems = []
        if not 1.0 <= self.lease <= 15.0:
            problems.append(f"lease of {self.lease} s is out of range: 1 to 15 seconds")
        if not 0 < self.renew <= self.lease / 4:
            problems.append(
                f"renewal every {self.renew} s is out of range: more than 0, at most a quarter of the lease"
            )
        if not self.timeout > 0 or self.timeout >= self.renew:
            problems.append(
                f"renewal timeout of {self.timeout} s must be shorter than {self.renew} s, and more than 0"
            )
        if problems:
            raise InvalidRequest(*problems)

    def trusted_until(self, sent_at: float) -> float:
        """Until when the answer to a question sent at this time may be believed; same clock."""
        return sent_at + self.lease

    @property
    def barrier(self) -> float:
        """Seconds after writing an epoch when nobody can believe an older one any more."""
        return self.lease * (1 + DRIFT) + MARGIN_SECONDS
