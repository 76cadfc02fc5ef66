"""Sums of the fleet's figures in Redis, over all processes and windows, since the installation began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisFigures"]


class RedisFigures:
    """The sums of one installation."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def add(self, fields: Mapping[str, int]) -> None:
        """Add to the sums. One round trip.

        Raises:
            StoreUnavailable: some of it may have been added.
        """
        key = self._keys.figures
        with in_our_words():
            pipe = self._client.pipeline(transaction=True)  # all of it or nothing, so that it may be repeated
            for name, number in fields.items():
                pipe.hincrby(key, name, number)
            pipe.execute()

    def sums(self) -> dict[str, int]:
        """All of them; those that nobody ever added to are not there.

        Raises:
            StoreUnavailable: nobody knows.
        """
        with in_our_words():
            found: Any = self._client.hgetall(self._keys.figures)
        return {str(name): int(number) for name, number in found.items()}
