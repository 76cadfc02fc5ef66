"""What the watch remembers in Redis: of each figure a little, when it looked, when beat ticked, and how
requests went."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from guard.core.plain import read_json
from guard.core.readings import Memory
from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisWatched"]

_FORGET_SECONDS = 86_400
_MINUTES_SECONDS = 900
_FIELDS = ("count", "failed", "ms")


class RedisWatched:
    """Of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    # -- figures ---------------------------------------------------------------------------------

    def memories(self) -> dict[str, Memory]:
        """What is remembered, by rule and subject."""
        with in_our_words():
            raw: Any = self._client.hgetall(self._keys.watched)
        return {str(name): _memory(text) for name, text in raw.items()}

    def remember(self, memories: Mapping[str, Memory], *, forget: Iterable[str] = ()) -> None:
        """Keep these, and drop those."""
        gone = list(forget)
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            if memories:
                pipe.hset(
                    self._keys.watched,
                    mapping={name: json.dumps(one.to_dict()) for name, one in memories.items()},
                )
            if gone:
                pipe.hdel(self._keys.watched, *gone)
            pipe.expire(self._keys.watched, _FORGET_SECONDS)
            pipe.execute()

    def take_turn(self, name: str, *, seconds: float) -> bool:
        """Whether nobody has looked for so long; then it is ours to look."""
        with in_our_words():
            taken = self._client.set(self._keys.turn(name), "1", nx=True, px=max(1, int(seconds * 1000)))
        return bool(taken)

    # -- ticks of beat ---------------------------------------------------------------------------

    def ticked(self, now: float) -> None:
        """A worker has run something that beat sent."""
        with in_our_words():
            self._client.set(self._keys.ticked, repr(now))

    def last_tick(self) -> float | None:
        """When that was, UTC seconds by the worker's clock; None: never."""
        with in_our_words():
            raw: Any = self._client.get(self._keys.ticked)
        try:
            return float(raw) if raw is not None else None
        except ValueError:
            return None

    # -- requests --------------------------------------------------------------------------------

    def add_requests(self, minutes: Mapping[int, tuple[int, int, float]]) -> None:
        """Add what a process has answered, by minute since 1970: how many, how many failed, seconds in
        all."""
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            for minute, (count, failed, seconds) in minutes.items():
                key = self._keys.requests(minute)
                for name, number in zip(_FIELDS, (count, failed, round(seconds * 1000)), strict=True):
                    pipe.hincrby(key, name, number)
                pipe.expire(key, _MINUTES_SECONDS)
            pipe.execute()

    def requests(self, minutes: Iterable[int]) -> tuple[int, int, float]:
        """Sums over these minutes: how many were answered, how many failed, seconds in all."""
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            for minute in minutes:
                pipe.hmget(self._keys.requests(minute), *_FIELDS)
            rows: list[list[Any]] = pipe.execute()
        count, failed, ms = (sum(int(row[n] or 0) for row in rows) for n in range(3))
        return count, failed, ms / 1000

    # -- clock -----------------------------------------------------------------------------------

    def time(self) -> float:
        """UTC seconds by the server's clock."""
        with in_our_words():
            seconds, micros = self._client.time()
        return float(seconds) + float(micros) / 1e6


def _memory(text: object) -> Memory:
    try:
        raw = read_json(str(text))
    except ValueError:
        return Memory()
    return Memory.from_dict(raw) if isinstance(raw, dict) else Memory()
