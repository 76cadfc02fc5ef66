"""Cached platform tokens in Redis: the application keeps them decrypted, so an emergency drops them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.sessions.answers import from_redis

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["RedisTokenCaches"]


class RedisTokenCaches:
    """Keys by patterns, text only.

    Args:
        patterns: as SCAN takes them.
        batch: how many keys one command names.
    """

    def __init__(self, client: Redis, *, patterns: tuple[str, ...], batch: int) -> None:
        self._client = client
        self._patterns = patterns
        self._batch = batch

    def purge(self, *, dry_run: bool) -> int:
        """Delete them all; gives how many there were."""
        return sum(self._purge(pattern, dry_run=dry_run) for pattern in self._patterns)

    def _purge(self, pattern: str, *, dry_run: bool) -> int:
        cursor, number = 0, 0
        while True:
            with from_redis():
                answer: Any = self._client.scan(cursor, match=pattern, count=self._batch, _type="string")
                cursor, names = answer
                for first in range(0, len(names), self._batch):
                    part = names[first : first + self._batch]
                    number += len(part) if dry_run else int(self._client.unlink(*part))
            if int(cursor) == 0:
                return number
