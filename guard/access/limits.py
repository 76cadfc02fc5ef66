"""Rate limits: counted in Redis for all processes together, and in this process alone while Redis is away.

A limit protects; it does not decide what is right. So when Redis does not answer, requests are still counted,
each process for itself: N processes then let through up to N times as many.
"""

from __future__ import annotations

import logging
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from guard.core.rates import RATES, Allowance, allowance
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits.storage import Storage

    from guard.ports import Clock

__all__ = ["Limits"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_AWAY_SECONDS = 5.0
"""For how long Redis is left alone when it did not answer."""


class Limits:
    """The limits of one installation.

    Args:
        shared: makes the storage that all processes share; called at first use.
    """

    def __init__(self, shared: Callable[[], Storage], clock: Clock) -> None:
        self._make_shared = shared
        self._clock = clock
        self._lock = threading.Lock()
        self._shared: MovingWindowRateLimiter | None = None
        self._own: MovingWindowRateLimiter | None = None
        self._away_until = 0.0

    def take(self, kind: str, key: str) -> Allowance:
        """Count one try, and say what is left.

        Raises:
            TooManyRequests: there were too many before. This one is not counted.
            InvalidRequest: there is no such kind.
        """
        item, name = _item(kind), _digest(kind, key)
        taken, allowed = self._ask(lambda limiter: _hit(limiter, item, name))
        left = allowance(RATES[kind], remaining=allowed[1], resets_at=allowed[0], now=self._clock.wall())
        if not taken:
            raise TooManyRequests(
                f"too many tries ({left.limit} in {RATES[kind].seconds} seconds): "
                f"try again in {left.reset_after} seconds",
                retry_after=left.reset_after,
                limit=left.limit,
            )
        return left

    def forget(self, kind: str, key: str) -> None:
        """Count from nothing again: whoever tried was right."""
        item, name = _item(kind), _digest(kind, key)
        self._ask(lambda limiter: limiter.clear(item, name))

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._clock.boot() >= self._away_until:
            try:
                return question(self._of_all())
            except (RedisError, OSError) as error:
                self._away_until = self._clock.boot() + _AWAY_SECONDS
                log.warning("tries are counted in this process alone: Redis (%s)", type(error).__name__)
        return question(self._of_this_process())

    def _of_all(self) -> MovingWindowRateLimiter:
        with self._lock:
            if self._shared is None:
                self._shared = MovingWindowRateLimiter(self._make_shared())
            return self._shared

    def _of_this_process(self) -> MovingWindowRateLimiter:
        with self._lock:
            if self._own is None:
                self._own = MovingWindowRateLimiter(MemoryStorage())
            return self._own


def _item(kind: str) -> RateLimitItemPerSecond:
    if kind not in RATES:
        raise InvalidRequest(
            f"nothing is limited as {kind[:40]!r}: use {', '.join(RATES)}{did_you_mean(kind, RATES)}"
        )
    return RateLimitItemPerSecond(RATES[kind].limit, RATES[kind].seconds, namespace="")


def _digest(kind: str, key: str) -> str:
    """Addresses and names are nobody's business in Redis, and as long as they like."""
    return sha256(f"{kind}\0{key}".encode()).hexdigest()[:32]


def _hit(
    limiter: MovingWindowRateLimiter, item: RateLimitItemPerSecond, name: str
) -> tuple[bool, tuple[float, int]]:
    taken = limiter.hit(item, name)
    window = limiter.get_window_stats(item, name)
    return taken, (window.reset_time, window.remaining)
