"""What became of jobs that an emergency met while they ran, in Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from guard.core.outcome import JobOutcome
from guard.core.plain import read_json
from guard.errors import StateInvalid
from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisOutcomes"]

_KEEP_SECONDS = 30 * 24 * 3600


class RedisOutcomes:
    """One hash per window, by attempt: a record that is written twice is there once."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def record(self, outcome: JobOutcome) -> None:
        key = self._keys.outcomes(outcome.window_id)
        text = json.dumps(outcome.to_dict(), separators=(",", ":"))
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(key, outcome.attempt, text)
            pipe.expire(key, _KEEP_SECONDS)
            pipe.execute()

    def of(self, window_id: str) -> list[JobOutcome]:
        with in_our_words():
            texts = list(self._client.hgetall(self._keys.outcomes(window_id)).values())
        return sorted((_outcome_of(str(text)) for text in texts), key=lambda outcome: outcome.ended_at)


def _outcome_of(text: str) -> JobOutcome:
    try:
        return JobOutcome.from_dict(read_json(text))
    except ValueError as error:
        raise StateInvalid("the outcome of a job in Redis is malformed") from error
