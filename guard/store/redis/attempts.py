"""Refused requests in Redis: sums over all processes. A window has one hash, and one per hour for two
days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.attempts import NO_MINUTE, AttemptSum, view_of
from guard.core.process_figures import REQUEST_FIELD
from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redis import Redis

    from guard.core.attempts import AttemptsView, Where
    from guard.store.redis.keys import Keys

__all__ = ["RedisAttempts"]

_KEEP_SECONDS = 30 * 24 * 3600
_MINUTES_SECONDS = 48 * 3600
_SINCE = "since"
"""A field beside the operations; their own begin with what they say: ``count:`` or ``last:``."""


class RedisAttempts:
    """The attempts of all windows of one installation."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def add(self, sums: Mapping[Where, AttemptSum], *, since: Mapping[str, float]) -> None:
        """Add to the sums. One round trip.

        Args:
            since: by window id, when it opened; those whose opening is known.

        Raises:
            StoreUnavailable: some of it may have been added.
        """
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            for (window_id, operation, minute), attempts in sums.items():
                key = self._keys.attempts(window_id)
                pipe.hincrby(key, f"count:{operation}", attempts.count)
                pipe.hincrby(self._keys.figures, f"{REQUEST_FIELD}{operation}", attempts.count)
                pipe.hset(key, f"last:{operation}", repr(attempts.last))
                if minute != NO_MINUTE:
                    hour = self._keys.attempts_in(window_id, minute // 60)
                    pipe.hincrby(hour, f"{minute}:{operation}", attempts.count)
                    pipe.expire(hour, _MINUTES_SECONDS)
            for window_id in {where[0] for where in sums}:
                key = self._keys.attempts(window_id)
                if window_id in since:
                    pipe.hsetnx(key, _SINCE, repr(since[window_id]))
                pipe.expire(key, _KEEP_SECONDS)
            pipe.execute()

    def of(self, window_id: str, *, now: float) -> AttemptsView:
        """What was attempted in a window. Two round trips.

        Args:
            now: UTC seconds.

        Raises:
            StoreUnavailable: nobody knows.
        """
        this_hour = int(now) // 3600
        with in_our_words():
            fields: Any = self._client.hgetall(self._keys.attempts(window_id))
            pipe = self._client.pipeline(transaction=False)
            if fields:
                for hour in range(this_hour - _MINUTES_SECONDS // 3600, this_hour + 2):
                    pipe.hgetall(self._keys.attempts_in(window_id, hour))
            hours: list[dict[str, str]] = pipe.execute()
        return view_of(
            window_id,
            {
                name: AttemptSum(int(count), float(fields.get(f"last:{name}", 0.0)))
                for field, count in fields.items()
                for kind, _, name in [field.partition(":")]
                if kind == "count"
            },
            _minutes(hours),
            since=float(fields[_SINCE]) if _SINCE in fields else None,
        )


def _minutes(hours: list[dict[str, str]]) -> Iterator[tuple[int, str, int]]:
    for fields in hours:
        for field, count in fields.items():
            minute, _, operation = field.partition(":")
            yield int(minute), operation, int(count)
