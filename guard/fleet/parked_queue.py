"""The parking queue from the releasing side: what lies there, and taking one job out of it.

Two doers. On Redis a job is moved by one script that takes it out of the parking list and puts it
into its own queue: it can be neither lost nor doubled. On other brokers it is published with
confirmation and then acknowledged: a crash in between leaves a second copy, which its copy id gives
away (`ParkedIndex.claim`).
"""

from __future__ import annotations

import json
import logging
import uuid
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.headers import COPY_HEADER, PARKED_HEADER
from guard.core.parked import ParkedJob
from guard.core.plain import read_json
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.release import Ruling
    from guard.fleet.broker import Broker

__all__ = ["ParkedMessage", "ParkedQueue", "parked_queue"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessage:
    """One message in the parking queue. `job` is None when its header is malformed; then it stays."""

    job: ParkedJob | None
    problem: str
    raw: Any


def parked_queue(broker: Broker, name: str) -> ParkedQueue:
    """The doer for this broker."""
    return _RedisParkedQueue(broker, name) if broker.is_redis else _AmqpParkedQueue(broker, name)


class ParkedQueue(ABC):
    """The parking queue. Use it inside `session`, which puts back what was looked at and not taken."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker = broker
        self._name = name

    @contextmanager
    @abstractmethod
    def session(self) -> Iterator[Iterator[ParkedMessage]]:
        """Messages, oldest first. Each is either taken by `give_back` or `discard`, or stays."""
        yield iter(())

    @abstractmethod
    def give_back(self, message: ParkedMessage, ruling: Ruling) -> bool:
        """Move a job to its own queue. False when somebody else has taken it."""

    @abstractmethod
    def discard(self, message: ParkedMessage) -> bool:
        """Drop a job for good. False when somebody else has taken it."""


def _new_headers(headers: dict[str, Any], job: ParkedJob, ruling: Ruling) -> dict[str, Any]:
    changed = {name: value for name, value in headers.items() if name != PARKED_HEADER}
    changed[COPY_HEADER] = {"park_id": job.park_id, "copy": uuid.uuid4().hex}
    if ruling.expires is not None:
        changed["expires"] = ruling.expires
    return changed


def _read(headers: Any) -> tuple[ParkedJob | None, str]:
    try:
        return ParkedJob.from_header((headers or {}).get(PARKED_HEADER)), ""
    except InvalidRequest as error:
        return None, str(error)


class _RedisParkedQueue(ParkedQueue):
    _BATCH = 200

    _MOVE = """
        -- KEYS 1 parking list, 2 target list.
        -- ARGV 1 the message as it lies there, 2 as it goes on; "" drops it.
        if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then return 0 end
        if ARGV[2] ~= '' then redis.call('LPUSH', KEYS[2], ARGV[2]) end
        return 1
    """

    @contextmanager
    def session(self) -> Iterator[Iterator[ParkedMessage]]:
        with self._broker.channel() as channel:
            yield self._messages(channel)

    def _messages(self, channel: Any) -> Iterator[ParkedMessage]:
        # The oldest lies at the end. What is taken shortens the list there; what stays is skipped.
        client, key = self._plain(channel), self._key(channel, self._name)
        skipped = 0
        while True:
            before = int(client.llen(key))
            batch = client.lrange(key, -(skipped + self._BATCH), -(skipped + 1))
            if not batch:
                return
            for raw in reversed(batch):
                yield self._parse(raw)
            skipped += len(batch) - (before - int(client.llen(key)))
            skipped = max(skipped, 0)

    def _parse(self, raw: bytes) -> ParkedMessage:
        try:
            payload = read_json(raw)
            job, problem = _read(payload["headers"])
            if job is not None:
                payload["properties"].keys()  # without them it cannot be given back
        except (ValueError, TypeError, KeyError, AttributeError):
            return ParkedMessage(job=None, problem="a message in the parking queue is not readable", raw=raw)
        return ParkedMessage(job=job, problem=problem, raw=raw)

    def give_back(self, message: ParkedMessage, ruling: Ruling) -> bool:
        job = message.job
        if job is None:
            return False
        payload = json.loads(message.raw)
        payload["headers"] = _new_headers(payload["headers"], job, ruling)
        properties = payload["properties"]
        properties.update({name: value for name, value in job.properties.items() if name != "expiration"})
        properties["delivery_tag"] = str(uuid.uuid4())
        properties["delivery_info"] = {"exchange": "", "routing_key": job.queue}
        priority = int(job.properties.get("priority") or 0)
        properties["priority"] = priority
        with self._broker.channel() as channel:
            target = channel._q_for_pri(job.queue, channel._get_message_priority(payload, reverse=False))  # noqa: SLF001 - kombu's own naming
            return self._move(channel, message.raw, target, json.dumps(payload))

    def discard(self, message: ParkedMessage) -> bool:
        with self._broker.channel() as channel:
            return self._move(channel, message.raw, self._name, "")

    def _move(self, channel: Any, raw: bytes, target: str, changed: str) -> bool:
        keys = [self._key(channel, self._name), self._key(channel, target)]
        return bool(self._plain(channel).register_script(self._MOVE)(keys=keys, args=[raw, changed]))

    def _key(self, channel: Any, name: str) -> str:
        return f"{channel.global_keyprefix or ''}{name}"

    def _plain(self, channel: Any) -> Any:
        """A client without kombu's key prefixing, which does not know scripts."""
        from redis import Redis

        return Redis(connection_pool=channel.pool)


class _AmqpParkedQueue(ParkedQueue):
    @contextmanager
    def session(self) -> Iterator[Iterator[ParkedMessage]]:
        looked_at: list[Any] = []
        with self._broker.channel() as channel:
            queue = self._broker.queue(self._name)(channel)
            queue.declare()
            try:
                yield self._messages(queue, looked_at)
            finally:
                for message in reversed(looked_at):
                    if not message.acknowledged:
                        message.requeue()

    def _messages(self, queue: Any, looked_at: list[Any]) -> Iterator[ParkedMessage]:
        while (message := queue.get(no_ack=False)) is not None:
            looked_at.append(message)
            job, problem = _read(message.headers)
            yield ParkedMessage(job=job, problem=problem, raw=message)
            if message.acknowledged:
                looked_at.remove(message)

    def give_back(self, message: ParkedMessage, ruling: Ruling) -> bool:
        job = message.job
        if job is None:
            return False
        original = message.raw
        headers = _new_headers(original.headers, job, ruling)
        compression = headers.pop("compression", None)
        properties = {name: value for name, value in job.properties.items() if name != "expiration"}
        if ruling.expires_in is not None:
            properties["expiration"] = ruling.expires_in
        self._broker.connection.Producer(serializer=None).publish(
            original.body,
            exchange="",
            routing_key=job.queue,
            headers=headers,
            content_type=original.content_type,
            content_encoding=original.content_encoding,
            compression=compression,
            delivery_mode=2,
            mandatory=True,
            **properties,
        )
        original.ack()
        return True

    def discard(self, message: ParkedMessage) -> bool:
        message.raw.ack()
        return True
