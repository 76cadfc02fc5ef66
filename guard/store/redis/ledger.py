"""The ledger of accepted jobs in Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from guard.core.ledger import LedgerEntry, LostJob
from guard.core.plain import read_json, require_plain
from guard.errors import StateInvalid
from guard.store.redis.client import in_our_words, lua

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisLedger"]

_REMEMBER_ENDED_SECONDS = 2 * 24 * 3600
"""As long as which copy of a parked job may run."""


class RedisLedger:
    """One hash of entries, and for each queue its jobs by the time when they were accepted."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._accept = client.register_script(lua("ledger_accept"))
        self._end = client.register_script(lua("ledger_end"))

    # -- who publishes, who runs -----------------------------------------------------------------

    def accept(self, entry: LedgerEntry) -> None:
        keys = self._keys
        with in_our_words():
            self._accept(
                keys=[keys.ledger, keys.ledger_queues, keys.running, keys.suspected],
                args=[entry.task_id, _text(entry), entry.queue, entry.accepted_at, keys.accepted("")],
            )

    def started(self, task_id: str, agent_id: str) -> None:
        keys = self._keys
        with in_our_words():
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(keys.running, task_id, agent_id)
            pipe.hdel(keys.suspected, task_id)
            pipe.hdel(keys.lost, task_id)
            pipe.execute()

    def stopped(self, task_id: str) -> None:
        with in_our_words():
            self._client.hdel(self._keys.running, task_id)

    def ended(self, task_id: str) -> bool:
        keys = self._keys
        with in_our_words():
            found_again = self._end(
                keys=[keys.ledger, keys.running, keys.suspected, keys.lost, keys.seconds],
                args=[task_id, keys.accepted(""), keys.ended(""), _REMEMBER_ENDED_SECONDS],
            )
        return bool(found_again)

    def runner(self, task_id: str) -> str | None:
        return self.runners([task_id]).get(task_id)

    def note_second(self, task_id: str, publication: str) -> None:
        with in_our_words():
            self._client.hset(self._keys.seconds, task_id, publication)

    def has_ended(self, publication: str) -> bool:
        with in_our_words():
            return bool(self._client.exists(self._keys.ended(publication)))

    # -- who reconciles --------------------------------------------------------------------------

    def open(self) -> int:
        with in_our_words():
            return int(self._client.hlen(self._keys.ledger))

    def queues(self) -> list[str]:
        with in_our_words():
            return sorted(str(name) for name in self._client.smembers(self._keys.ledger_queues))

    def accepted_at(self, queue: str, task_ids: Sequence[str]) -> dict[str, float]:
        if not task_ids:
            return {}
        with in_our_words():
            found: Any = self._client.zmscore(self._keys.accepted(queue), list(task_ids))
        return {task_id: float(at) for task_id, at in zip(task_ids, found, strict=True) if at is not None}

    def oldest(self, queue: str, before: float, limit: int) -> list[LedgerEntry]:
        keys = self._keys
        with in_our_words():
            ids: Any = self._client.zrange(
                keys.accepted(queue), "-inf", f"({before}", byscore=True, offset=0, num=limit
            )
            texts: Any = self._client.hmget(keys.ledger, ids) if ids else []
        return [_entry(str(text)) for text in texts if text is not None]

    def runners(self, task_ids: Sequence[str]) -> dict[str, str]:
        if not task_ids:
            return {}
        with in_our_words():
            found: Any = self._client.hmget(self._keys.running, list(task_ids))
            agents = sorted({agent for agent in found if agent})
            cards: Any = self._client.hmget(self._keys.agents, agents) if agents else []
        known = {agent for agent, card in zip(agents, cards, strict=True) if card}
        return {task_id: agent for task_id, agent in zip(task_ids, found, strict=True) if agent in known}

    def suspected(self) -> dict[str, str]:
        with in_our_words():
            found: Any = self._client.hgetall(self._keys.suspected)
        return {str(task_id): str(publication) for task_id, publication in found.items()}

    def suspect(self, entries: Iterable[LedgerEntry]) -> None:
        keys = self._keys
        fields = {entry.task_id: entry.publication for entry in entries}
        with in_our_words():
            pipe = self._client.pipeline(transaction=True)
            pipe.delete(keys.suspected)
            if fields:
                pipe.hset(keys.suspected, mapping=fields)  # type: ignore[arg-type]
            pipe.execute()

    def lose(self, jobs: Iterable[LostJob]) -> None:
        keys = self._keys
        with in_our_words():
            pipe = self._client.pipeline(transaction=True)
            for job in jobs:
                task_id = job.entry.task_id
                pipe.hset(keys.lost, task_id, json.dumps(job.to_dict(), separators=(",", ":")))
                pipe.hdel(keys.ledger, task_id)
                pipe.zrem(keys.accepted(job.entry.queue), task_id)
                pipe.hdel(keys.running, task_id)
            pipe.execute()

    def lost(self) -> list[LostJob]:
        with in_our_words():
            texts: Any = self._client.hvals(self._keys.lost)
        return sorted((_lost(str(text)) for text in texts), key=lambda job: job.entry.accepted_at)

    def forget(self, task_id: str) -> bool:
        with in_our_words():
            return bool(self._client.hdel(self._keys.lost, task_id))


def _text(entry: LedgerEntry) -> str:
    return json.dumps(entry.to_dict(), separators=(",", ":"))


def _entry(text: str) -> LedgerEntry:
    try:
        return LedgerEntry.from_dict(read_json(text))
    except (ValueError, TypeError) as error:
        raise StateInvalid("an entry of the ledger in Redis is malformed") from error


def _lost(text: str) -> LostJob:
    try:
        raw = read_json(text)
        return require_plain(LostJob(entry=LedgerEntry.from_dict(raw), found_at=raw.get("found_at")))
    except (ValueError, TypeError) as error:
        raise StateInvalid("an entry of the ledger in Redis is malformed") from error
