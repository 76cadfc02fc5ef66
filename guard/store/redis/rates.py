"""Where the library `limits` counts tries: under our prefix, by a connection of our kind.

It uses scripts by their digest (EVALSHA, SCRIPT LOAD), as this package does, never EVAL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from limits.storage import RedisStorage

from guard.store.redis.client import connect

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["redis_counts"]

_SECONDS = 0.5
"""How long a request may wait for Redis; then it is counted in its own process."""


def redis_counts(url: str, keys: Keys) -> tuple[RedisStorage, Redis]:
    """The storage, and the client to be closed."""
    client = connect(url, timeout=_SECONDS, name="guard-rates")
    return RedisStorage("redis://", client.connection_pool, key_prefix=keys.rates), client
