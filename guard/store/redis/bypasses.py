"""Which bypass tokens stand, and how often each was used.

What is kept is that a token stands, not that it was revoked: a server that has lost its data then lets
nothing pass, where a list of revoked ones would let everything pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.bypass import BypassUse
from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisBypasses"]

_MOST_DIGITS = 20
_USES_SECONDS = 2 * 24 * 3600
"""Longer than any token: its uses are journaled while it counts, or by the next worker that starts."""


class RedisBypasses:
    """The bypasses of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def allow(self, bypass_id: str, *, seconds: int) -> None:
        """Let this one stand."""
        with in_our_words():
            self._client.set(self._keys.bypass(bypass_id), "1", ex=seconds)

    def stands(self, bypass_id: str) -> bool:
        """Whether it was made, and neither revoked nor over."""
        with in_our_words():
            return bool(self._client.exists(self._keys.bypass(bypass_id)))

    def revoke(self, bypass_id: str) -> None:
        """From now on it does not stand, in any process."""
        with in_our_words():
            self._client.delete(self._keys.bypass(bypass_id))

    def note_use(self, use: BypassUse) -> None:
        """Count one use."""
        with in_our_words(), self._client.pipeline(transaction=False) as pipe:
            pipe.hincrby(self._keys.bypass_uses, use.to_text(), 1)
            pipe.expire(self._keys.bypass_uses, _USES_SECONDS)
            pipe.execute()

    def uses(self) -> dict[BypassUse, int]:
        """How often each was used, of tokens of the last days."""
        return _counts(self._read(self._keys.bypass_uses))

    def untold(self) -> dict[BypassUse, tuple[int, int]]:
        """Uses that the journal does not have: how many there are in all, and how many it has."""
        told = _counts(self._read(self._keys.bypass_told))
        return {
            use: (count, told.get(use, 0)) for use, count in self.uses().items() if count != told.get(use, 0)
        }

    def tell(self, use: BypassUse, count: int) -> None:
        """The journal has this many now."""
        with in_our_words(), self._client.pipeline(transaction=False) as pipe:
            pipe.hset(self._keys.bypass_told, use.to_text(), str(count))
            pipe.expire(self._keys.bypass_told, _USES_SECONDS)
            pipe.execute()

    def _read(self, key: str) -> dict[str, str]:
        with in_our_words():
            fields: Any = self._client.hgetall(key)
        return dict(fields)


def _counts(fields: dict[str, str]) -> dict[BypassUse, int]:
    read = ((BypassUse.of_text(text), count) for text, count in fields.items())
    return {
        use: int(count)
        for use, count in read
        if use is not None and count.isdecimal() and len(count) < _MOST_DIGITS
    }
