"""The application's sessions, wired. Loaded only by a process that counts or deletes some."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from guard.core.session_names import patterns_of
from guard.errors import StoreError
from guard.orchestrator.session_cleaning import SessionCleaning
from guard.orchestrator.session_pass import SessionDoers
from guard.orchestrator.session_stats import session_stats
from guard.sessions.keys import RedisSessionKeys
from guard.sessions.tokens import RedisTokenCaches
from guard.store.redis.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis
    from sqlalchemy import Engine

    from guard.bootstrap.wiring import Wiring
    from guard.core.session_sweep import SessionStats
    from guard.core.state import GuardState

__all__ = ["SessionParts"]

_COMMAND_SECONDS = 3.0
_SHARE_SECONDS = 5.0
"""For how long one round of housekeeping may delete sessions: a release must not wait for it."""


class SessionParts:
    """The parts for the sessions of one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._settings = wiring.settings
        self._stores = wiring.stores
        self._announce = wiring.announcer.announce

    def catch_up(self, state: GuardState) -> bool:
        """One share of what the last invalidation has left. True when nothing is left any more.

        Raises:
            StoreUnavailable: the control plane did not answer.
        """
        done = self.cleaning.catch_up(state, within=_SHARE_SECONDS)
        return done is not None and done.is_settled

    @functools.cached_property
    def cleaning(self) -> SessionCleaning:
        """Who sweeps."""
        return SessionCleaning(
            doers=lambda: self.doers,
            marks=self._stores.session_marks,
            lock=self._stores.lock,
            clock=self._stores.clock,
            lifetime=self._settings.guard_session_lifetime,
            patience=self._settings.maintenance_cleanup_interval,
            announce=self._announce,
        )

    def stats(
        self,
        state: GuardState | None,
        *,
        problems: tuple[str, ...] = (),
        seen: Callable[[int], None] | None = None,
    ) -> SessionStats:
        """What sessions there are."""
        return session_stats(
            self.doers,
            state,
            now=self._stores.clock.wall(),
            lifetime=self._settings.guard_session_lifetime,
            problems=problems,
            seen=seen,
        )

    def size(self) -> int | None:
        """How many keys the Redis of the sessions has."""
        keys = self.doers.keys
        try:
            return keys.size() if keys is not None else None
        except StoreError:
            return None

    @functools.cached_property
    def doers(self) -> SessionDoers:
        """Where sessions are."""
        from guard.sessions.database import ApplicationDatabase
        from guard.sessions.rows import SqlSessionRows
        from guard.sessions.users import SqlUsers

        settings, batch = self._settings, self._settings.guard_session_batch
        prefix, patterns = settings.guard_session_prefix, patterns_of(settings.guard_session_token_patterns)
        database = ApplicationDatabase(self._engine, _attempt)
        return SessionDoers(
            keys=RedisSessionKeys(self._client, prefix=prefix, batch=batch) if prefix else None,
            tokens=RedisTokenCaches(self._client, patterns=patterns, batch=batch),
            users=SqlUsers(database),
            rows=SqlSessionRows(database, batch=batch),
        )

    @functools.cached_property
    def _client(self) -> Redis:
        url = str(self._settings.guard_session_redis_url) or self._stores.redis_url
        return connect(url, timeout=_COMMAND_SECONDS, name="guard-sessions", decode=False)

    def _engine(self) -> Engine:
        from guard.store.sql.engine import make_engine

        settings = self._settings
        url = str(settings.app_database_url)
        return make_engine(url, timeout=_COMMAND_SECONDS, ours=not settings.has_foreign_database)

    def close(self) -> None:
        """Close the connections that were made here."""
        if "_client" in self.__dict__:
            self._client.close()
        if str(self._settings.guard_app_database_url):
            self._engine().dispose()


def _attempt(work: Callable[[], Any]) -> Any:
    from guard.store.sql.engine import patiently, reported

    with reported():
        return patiently(work)()
