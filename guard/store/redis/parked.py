"""The index of parked jobs in Redis, and the marks that make a second copy improbable.

Order of writes when parking: mark the delivery, publish the copy, confirm the mark, acknowledge the
original. A crash between any two leaves at most two copies of one delivery, never none; both carry
the same park id, and `claim` lets one of them run.
"""

from __future__ import annotations

import json
from heapq import nsmallest
from typing import TYPE_CHECKING

from guard.core.headers import ORIGINAL
from guard.core.plain import read_json
from guard.errors import InvalidRequest, StateInvalid
from guard.store.redis.client import in_our_words, lua

if TYPE_CHECKING:
    from redis import Redis

    from guard.core.parked import ParkedJob
    from guard.store.redis.keys import Keys

__all__ = ["RedisParkedIndex"]

_KEEP_MARKS = 2 * 24 * 3600
"""Longer than any sensible visibility timeout, after which the original could be delivered again."""
_KEEP_BEAT = 7 * 24 * 3600


class RedisParkedIndex:
    """Which jobs are parked, and which copy of one may run."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._parked = client.register_script(lua("parked"))
        self._claim_original = client.register_script(lua("claim_original"))

    def begin(self, job: ParkedJob) -> tuple[str, bool]:
        if not job.publication:
            return job.park_id, False
        key = self._keys.parked_as(job.publication, job.generation)
        with in_our_words():
            if self._client.set(key, f"begun {job.park_id}", nx=True, ex=_KEEP_MARKS):
                return job.park_id, False
            state, _, park_id = str(self._client.get(key) or "").partition(" ")
            if park_id and self._client.get(self._keys.copy(park_id)) == ORIGINAL:
                self._client.set(key, f"begun {job.park_id}", ex=_KEEP_MARKS)
                return job.park_id, False
        return park_id or job.park_id, state == "parked"

    def parked(self, job: ParkedJob) -> bool:
        mark = self._keys.parked_as(job.publication, job.generation)
        keys = [mark, self._keys.copy(job.park_id), self._keys.parked]
        says = f"parked {job.park_id}" if job.publication else ""
        args: list[str | int] = [ORIGINAL, says, _KEEP_MARKS, job.task_id, _parked_text(job)]
        with in_our_words():
            return bool(self._parked(keys=keys, args=args))

    def gone(self, job: ParkedJob) -> None:
        with in_our_words():
            self._client.hdel(self._keys.parked, job.task_id)

    def claim(self, park_id: str, copy: str) -> bool:
        key = self._keys.copy(park_id)
        with in_our_words():
            if self._client.set(key, copy, nx=True, ex=_KEEP_MARKS):
                return True
            return self._client.get(key) == copy

    def claim_original(self, publication: str, generation: str) -> bool:
        args: list[str | int] = [self._keys.copy(""), ORIGINAL, _KEEP_MARKS]
        mark = self._keys.parked_as(publication, generation)
        with in_our_words():
            return bool(self._claim_original(keys=[mark], args=args))

    def jobs(self, limit: int) -> list[ParkedJob]:
        with in_our_words():
            entries = (_parked_of(text) for _, text in self._client.hscan_iter(self._keys.parked, count=1000))
            return nsmallest(limit, entries, key=lambda job: job.parked_at)

    def job(self, task_id: str) -> ParkedJob | None:
        with in_our_words():
            text = self._client.hget(self._keys.parked, task_id)
        return _parked_of(str(text)) if text else None

    def first_of(self, window_id: str, entry: str, task_id: str) -> str:
        key = self._keys.beat(window_id, entry)
        with in_our_words():
            if self._client.set(key, task_id, nx=True, ex=_KEEP_BEAT):
                return task_id
            return str(self._client.get(key) or task_id)


def _parked_text(job: ParkedJob) -> str:
    return json.dumps(job.to_header(), separators=(",", ":"), default=str)


def _parked_of(text: str) -> ParkedJob:
    from guard.core.parked import ParkedJob

    try:
        return ParkedJob.from_header(read_json(text))
    except (ValueError, InvalidRequest) as error:
        raise StateInvalid("an entry in the index of parked jobs is malformed") from error
