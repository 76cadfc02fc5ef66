"""What can be asked of Redis about itself: memory, and how many keys begin with something.

`INFO` and `SCAN` only: production servers have no `KEYS` and no `CONFIG`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis import Redis

__all__ = ["KeyCount", "MemoryFigures", "RedisMeasures"]

_AT_ONCE = 1000
_NO_EXPIRY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFigures:
    """Bytes in use, and bytes allowed: None without a limit."""

    used: int
    limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCount:
    """How many keys were seen. When `whole` is False there were more keys than were looked at."""

    keys: int
    whole: bool


class RedisMeasures:
    """Figures of one server. Every call may raise StoreUnavailable."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def memory(self) -> MemoryFigures:
        """What the server says about its memory."""
        with in_our_words():
            told = self._client.info("memory")
        return MemoryFigures(used=int(told["used_memory"]), limit=int(told.get("maxmemory", 0)) or None)

    def count(self, prefix: str, *, at_most: int) -> KeyCount:
        """Keys that begin with `prefix`, among the first `at_most` keys of any name that a scan meets."""
        pattern = "".join(f"\\{char}" if char in "*?[]\\" else char for char in prefix) + "*"
        found: set[str] = set()
        cursor, looked = 0, 0
        while True:
            with in_our_words():
                cursor, keys = self._client.scan(cursor, match=pattern, count=_AT_ONCE)
            found.update(str(key) for key in keys)
            looked += _AT_ONCE
            if cursor == 0:
                return KeyCount(keys=len(found), whole=True)
            if looked >= at_most:
                return KeyCount(keys=len(found), whole=False)

    def make_expire(self, names: Iterable[str], seconds: int) -> int:
        """Give those of these keys an expiry that are there and have none. Gives how many that were."""
        asked = list(names)
        if not asked:
            return 0
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            for name in asked:
                pipe.ttl(name)
            endless = [name for name, ttl in zip(asked, pipe.execute(), strict=True) if ttl == _NO_EXPIRY]
            pipe = self._client.pipeline(transaction=False)
            for name in endless:
                pipe.expire(name, seconds, nx=True)
            pipe.execute()
        return len(endless)
