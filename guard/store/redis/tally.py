"""Counters of a window in Redis; and of all windows together, in the same round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.process_figures import JOB_FIELD
from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

    from guard.core.account import Account
    from guard.store.redis.keys import Keys

__all__ = ["RedisTally"]

_KEEP_SECONDS = 30 * 24 * 3600
_BEGUN = "begun"
"""A field beside the counters: it is gone when a server has lost them, whatever was counted since."""


class RedisTally:
    """Sums over all processes."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def begin(self, window_id: str) -> None:
        self.add(window_id, {_BEGUN: 1})

    def is_whole(self, window_id: str) -> bool:
        with in_our_words():
            return bool(self._client.hexists(self._keys.counts(window_id), _BEGUN))

    def add(self, window_id: str, counts: Mapping[str, int]) -> None:
        key, all_windows = self._keys.counts(window_id), self._keys.figures
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            for name, number in counts.items():
                pipe.hincrby(key, name, number)
                if name != _BEGUN:
                    pipe.hincrby(all_windows, f"{JOB_FIELD}{name}", number)
            pipe.expire(key, _KEEP_SECONDS)
            pipe.execute()

    def account(self, window_id: str) -> Account:
        from guard.core.account import Account

        with in_our_words():
            fields = self._client.hgetall(self._keys.counts(window_id))
        return Account.from_fields(
            {str(name): int(number) for name, number in fields.items() if name != _BEGUN}
        )
