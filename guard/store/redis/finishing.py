"""Steps that finish, in Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from guard.core.finishing import FinishingStep
from guard.core.plain import read_json
from guard.errors import StateInvalid
from guard.store.redis.client import in_our_words, lua

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisFinishingSteps"]

_KEEP_SECONDS = 7 * 24 * 3600
"""As long as the longest window."""


class RedisFinishingSteps:
    """One hash per window, and a key that says that it takes no more."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._begin = client.register_script(lua("finishing_begin"))
        self._close = client.register_script(lua("finishing_close"))

    def begin(self, window_id: str, step: FinishingStep) -> bool:
        text = json.dumps(step.to_dict(), separators=(",", ":"))
        with in_our_words():
            return bool(self._begin(keys=self._of(window_id), args=[step.token, text, _KEEP_SECONDS]))

    def holds(self, window_id: str, token: str) -> bool:
        with in_our_words():
            return bool(self._client.hexists(self._keys.finishing(window_id), token))

    def end(self, window_id: str, token: str) -> None:
        with in_our_words():
            self._client.hdel(self._keys.finishing(window_id), token)

    def steps(self, window_id: str) -> list[FinishingStep]:
        with in_our_words():
            texts: Any = self._client.hvals(self._keys.finishing(window_id))
        try:
            steps = [FinishingStep.from_dict(read_json(text)) for text in texts]
        except (ValueError, TypeError) as error:
            raise StateInvalid("a finishing step in Redis is malformed") from error
        return sorted(steps, key=lambda step: (step.since, step.token))

    def close(self, window_id: str) -> bool:
        with in_our_words():
            return bool(self._close(keys=self._of(window_id), args=[_KEEP_SECONDS]))

    def _of(self, window_id: str) -> list[str]:
        return [self._keys.finishing(window_id), self._keys.finished(window_id)]
