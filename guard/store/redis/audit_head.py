"""The journal's newest row, kept in Redis: whoever cuts rows off in SQL alone is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.audit_chain import Head
from guard.store.redis.client import in_our_words, lua

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisAuditHead"]


class RedisAuditHead:
    """One head, which is replaced only by who has seen it. Every call may raise StoreUnavailable."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._key = keys.audit_head
        self._script = client.register_script(lua("audit_head"))

    def read(self) -> tuple[str, Head | None]:
        """What is there, and the head that it says: a text without a head was written by somebody else."""
        with in_our_words():
            text = str(self._client.get(self._key) or "")
        return text, Head.of_text(text)

    def replace(self, old: str, new: Head) -> bool:
        """Whether it is there now."""
        with in_our_words():
            return bool(self._script(keys=[self._key], args=[old, new.to_text()]))
