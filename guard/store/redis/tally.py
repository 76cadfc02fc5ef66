"""Counters of a window in Redis; and of all windows together, in the same round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.process_figures import JOB_FIELD
from guard.store.redis.client import in_our_words, lua

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

    from guard.core.account import Account
    from guard.store.redis.keys import Keys

__all__ = ["RedisTally"]

_KEEP_SECONDS = 30 * 24 * 3600
_BEGUN = "begun"
"""A field beside the counters: it is gone when a server has lost them, whatever was counted since."""
_BATCH = "batch:"
"""Fields beside the counters: the number of the last batch that came, by sender."""


class RedisTally:
    """Sums over all processes."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._count = client.register_script(lua("count"))

    def begin(self, window_id: str) -> None:
        key = self._keys.counts(window_id)
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            pipe.hincrby(key, _BEGUN, 1)
            pipe.expire(key, _KEEP_SECONDS)
            pipe.execute()

    def is_whole(self, window_id: str) -> bool:
        with in_our_words():
            return bool(self._client.hexists(self._keys.counts(window_id), _BEGUN))

    def add(self, window_id: str, counts: Mapping[str, int], *, sender: str = "", number: int = 0) -> None:
        keys = [self._keys.counts(window_id), self._keys.figures]
        args: list[str | int] = [f"{_BATCH}{sender}" if sender else "", number, JOB_FIELD, _KEEP_SECONDS]
        for name, more in counts.items():
            args += [name, more]
        with in_our_words():
            self._count(keys=keys, args=args)

    def account(self, window_id: str) -> Account:
        from guard.core.account import Account

        with in_our_words():
            fields = self._client.hgetall(self._keys.counts(window_id))
        return Account.from_fields(
            {
                str(name): int(number)
                for name, number in fields.items()
                if name != _BEGUN and not str(name).startswith(_BATCH)
            }
        )
