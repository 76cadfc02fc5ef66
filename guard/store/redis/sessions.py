"""How far the deletion of invalidated sessions has come, beside the state, so that any process goes on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from guard.core.session_sweep import Marks
from guard.store.redis.client import in_our_words

if TYPE_CHECKING:
    from redis import Redis

    from guard.store.redis.keys import Keys

__all__ = ["RedisSessionMarks"]


class RedisSessionMarks:
    """The marks of one installation. They only save work: when they are lost, all is looked at again."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def read(self) -> Marks:
        """What is noted; marks that nobody can read are none."""
        with in_our_words():
            fields: Any = self._client.hgetall(self._keys.sessions)
        try:
            return Marks(
                cleaned=int(fields.get("cleaned", 0)),
                generation=int(fields.get("generation", -1)),
                server=str(fields.get("server", "")),
                cursor=int(fields.get("cursor", 0)),
                not_before=float(fields.get("not_before", 0.0)),
            )
        except ValueError:
            return Marks()

    def write(self, marks: Marks) -> None:
        """Note this."""
        fields: Any = asdict(marks)
        with in_our_words():
            self._client.hset(self._keys.sessions, mapping=fields)
