"""A lock in Redis, for work that only one process should do at a time.

It saves work; it is not a proof of mutual exclusion (a paused holder may outlive it). What it
protects is safe to do twice.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from guard.store.redis.client import in_our_words, lua

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisLock"]

_LAST_MS = 10_000


class RedisLock:
    """One named lock; a new token for each holder."""

    def __init__(self, client: Redis, keys: Keys, name: str) -> None:
        self._client = client
        self._key = keys.lock(name)
        self._token = uuid.uuid4().hex
        self._script = client.register_script(lua("unlock"))

    def acquire(self) -> bool:
        """Whether we hold it now, for ten seconds."""
        with in_our_words():
            return bool(self._client.set(self._key, self._token, nx=True, px=_LAST_MS)) or self.extend()

    def extend(self) -> bool:
        """Hold it for ten more seconds. False when it was lost."""
        with in_our_words():
            return bool(self._script(keys=[self._key], args=[self._token, _LAST_MS]))

    def give_back(self) -> None:
        """Let the next one have it."""
        with in_our_words():
            self._script(keys=[self._key], args=[self._token, 0])
