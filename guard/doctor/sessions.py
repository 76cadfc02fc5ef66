"""A look at the application's sessions: a sample, their layout, and flags that bar people from signing in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from guard.core.doctor_facts import SessionFacts
from guard.core.session_names import sign_in_flags
from guard.sessions.keys import RedisSessionKeys
from guard.store.redis.client import connect, in_our_words
from guard.store.sql.engine import make_engine, reported

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine

    from guard.doctor.world import World

__all__ = ["SessionSide"]

_SECONDS = 2.5
_LOOK_SECONDS = 1.5
_MOST = 20_000
"""Sessions that are looked at: enough to know the layout."""


class SessionSide:
    """Where sessions are, read only."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client: Redis | None = None
        self._engine: Engine | None = None

    def look(self) -> SessionFacts | None:
        """A sample; None where no sessions are kept in Redis. Raises StoreUnavailable."""
        settings, clock = self._world.settings, self._world.clock
        prefix = settings.guard_session_prefix
        if not prefix:
            return None
        url = str(settings.guard_session_redis_url) or self._world.redis_url
        self._client = connect(url, timeout=_SECONDS, name="guard-doctor", decode=False)
        keys = RedisSessionKeys(self._client, prefix=prefix, batch=settings.guard_session_batch)
        until = clock.boot() + _LOOK_SECONDS
        cursor, seen, unreadable, foreign = 0, 0, 0, 0
        while True:
            cursor, found, others = keys.step(cursor)
            seen += len(found)
            foreign += others
            unreadable += sum(one.session.user_id is None for one in found)
            if cursor == 0 or seen >= _MOST or clock.boot() > until:
                break
        return SessionFacts(
            seen=seen, unreadable=unreadable, foreign=foreign, whole=cursor == 0, flags=self._flags(prefix)
        )

    def _flags(self, prefix: str) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        assert self._client is not None  # noqa: S101 - `look` has made it
        for name in sign_in_flags(prefix):
            with in_our_words():
                left: Any = self._client.ttl(name)
            if int(left) >= -1:
                found[name] = None if int(left) == -1 else int(left)
        return found

    def has_users(self) -> bool:
        """Whether there is a table of users with roles. Raises StoreUnavailable."""
        settings = self._world.settings
        url = str(settings.app_database_url)
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).exists()):
            return False
        self._engine = make_engine(url, timeout=_SECONDS, ours=False)
        with reported(), self._engine.connect() as connection:
            looked = inspect(connection)
            if not looked.has_table("users"):
                return False
            return {"id", "role"} <= {one["name"] for one in looked.get_columns("users")}

    def close(self) -> None:
        """Close what was opened here."""
        if self._client is not None:
            self._client.close()
            self._client.connection_pool.disconnect()
        if self._engine is not None:
            self._engine.dispose()
