"""Old keys of the application in Redis, judged by their payload and not by a time to live.

- `SCAN` in small steps; no other client waits for more than one of them.
- A key is deleted only if its payload, read again while it is watched, still says that it is old: one that is
  written meanwhile stays.
- What is no text or hash is never looked into: queues are lists, and kombu's notes are sets.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError, WatchError
from redis.retry import Retry

from guard.core.cleanup import is_protected, last_touched
from guard.core.optimization_report import KeyReport

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from guard.core.cleanup import KeyRule

__all__ = ["RedisKeys"]

_SCAN_COUNT = 500
_MOST_LOOKED_AT = 2_000_000
_MOST_DELETED = 100_000
_LARGEST = 64 * 1024
"""Bytes of a payload that is read; a larger one is none of those that are meant."""
_FIELDS = ("updated_at", "_last_updated", "last_activity", "started_at", "created_at")


class RedisKeys:
    """The keys of one Redis database.

    Args:
        url: for redis-py.
        namespace: the guard's own keys begin with it.
        queues: names of the app's queues.
    """

    def __init__(self, url: str, *, namespace: str, queues: Collection[str], timeout: float = 3.0) -> None:
        self._url = url
        self._namespace = namespace
        self._queues = tuple(queues)
        self._timeout = timeout

    def clean(
        self, rule: KeyRule, *, now: float, dry_run: bool, go_on: Callable[[], bool] = lambda: True
    ) -> KeyReport:
        """Delete the old keys of one rule. Never raises for Redis: that is part of the report.

        Args:
            now: UTC seconds.
            go_on: asked between two steps; False ends it.
        """
        report = KeyReport(pattern=rule.pattern, days=rule.days)
        try:
            with Redis.from_url(
                self._url,
                socket_connect_timeout=self._timeout,
                socket_timeout=self._timeout,
                retry=Retry(NoBackoff(), 0),
                client_name="guard-cleanup",
            ) as client:
                for keys in self._batches(client, rule.pattern):
                    over = report.looked_at >= _MOST_LOOKED_AT or report.deleted >= _MOST_DELETED
                    if over or not go_on():
                        return replace(report, whole=False)
                    report = self._clean_some(client, keys, rule, report, now=now, dry_run=dry_run)
        except (RedisError, OSError) as error:
            return replace(report, whole=False, problem=f"Redis did not answer ({type(error).__name__})")
        return report

    def _batches(self, client: Redis, pattern: str) -> Iterator[list[bytes]]:
        cursor: Any = 0
        while True:
            answer: Any = client.scan(cursor, match=pattern, count=_SCAN_COUNT)
            cursor, keys = answer
            yield [key for key in dict.fromkeys(keys) if not self._is_protected(key)]
            if int(cursor) == 0:
                return

    def _is_protected(self, key: bytes) -> bool:
        text = key.decode("utf-8", "replace")
        return is_protected(text, namespace=self._namespace, queues=self._queues)

    def _clean_some(
        self, client: Redis, keys: list[bytes], rule: KeyRule, report: KeyReport, *, now: float, dry_run: bool
    ) -> KeyReport:
        touched = _touched(client, keys)
        old = [key for key, moment in touched.items() if moment is not None and now - moment >= rule.seconds]
        deleted = 0 if dry_run else sum(_delete(client, key, now - rule.seconds) for key in old)
        return replace(
            report,
            looked_at=report.looked_at + len(keys),
            old=report.old + len(old),
            deleted=report.deleted + deleted,
            unreadable=report.unreadable + sum(moment is None for moment in touched.values()),
        )


def _touched(client: Any, keys: list[bytes]) -> dict[bytes, float | None]:
    """When the payloads of these keys were last touched; None when they do not say."""
    if not keys:
        return {}
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.type(key)
    kinds = {
        key: kind
        for key, kind in zip(keys, pipe.execute(), strict=True)
        if kind != b"none"  # gone by now
    }
    for key, kind in kinds.items():
        if kind == b"hash":
            pipe.hmget(key, *_FIELDS)
        else:
            pipe.getrange(key, 0, _LARGEST) if kind == b"string" else pipe.type(key)
    answers = pipe.execute(raise_on_error=False)
    return {key: _moment_in(kind, answer) for (key, kind), answer in zip(kinds.items(), answers, strict=True)}


def _moment_in(kind: bytes, answer: Any) -> float | None:
    if isinstance(answer, Exception):
        return None  # it became something else between the two questions
    if kind == b"hash":
        fields = zip(_FIELDS, answer, strict=True)
        return last_touched({name: value.decode("utf-8", "replace") for name, value in fields if value})
    if kind != b"string" or len(answer) > _LARGEST:
        return None
    try:
        payload = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return last_touched(payload) if isinstance(payload, dict) else None


def _text(pipe: Any, key: bytes, kind: bytes) -> Any:
    return pipe.getrange(key, 0, _LARGEST) if kind == b"string" else b""


def _delete(client: Redis, key: bytes, before: float) -> int:
    """Delete a key unless it was written meanwhile; how many were deleted."""
    with client.pipeline() as made:
        pipe: Any = made
        try:
            pipe.watch(key)
            # Watching, each command is answered at once.
            kind: Any = pipe.type(key)
            payload = pipe.hmget(key, *_FIELDS) if kind == b"hash" else _text(pipe, key, kind)
            moment = _moment_in(kind, payload)
            if moment is None or moment > before:
                return 0
            pipe.multi()
            pipe.delete(key)
            return int(pipe.execute()[0])
        except (WatchError, ResponseError):
            return 0
