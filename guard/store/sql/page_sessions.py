"""Page sessions in the database: a digest of each cookie, never the cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from guard.core.page_session import IDLE_SECONDS, PageSession
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import PAGE_SESSIONS, TOKENS
from guard.store.sql.tokens import token_view

if TYPE_CHECKING:
    from sqlalchemy import Row

    from guard.core.credentials import TokenView
    from guard.store.sql.store import SqlStore

__all__ = ["SqlPageSessions"]

_SEEN_SECONDS = 60.0
"""That somebody is there is written when what is kept is this old."""


class SqlPageSessions:
    """The page sessions of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def add(self, session: PageSession, digest: str) -> None:
        """Keep a new session, and forget those that are over."""
        self._durable.require_ready()
        over = (PAGE_SESSIONS.c.expires_at <= session.began_at) | (
            PAGE_SESSIONS.c.seen_at <= session.began_at - IDLE_SECONDS
        )
        values = {name: getattr(session, name) for name in PageSession.__dataclass_fields__}
        values["address"] = session.address[:64]
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(delete(PAGE_SESSIONS).where(over))
            connection.execute(PAGE_SESSIONS.insert().values(**values, digest=digest))

    def find(self, digest: str) -> tuple[PageSession, TokenView] | None:
        """The session of a cookie, and its token as it is now."""
        self._durable.require_ready()
        with reported():
            return self._find(digest)

    @patiently
    def _find(self, digest: str) -> tuple[PageSession, TokenView] | None:
        with self._durable.engine.connect() as connection:
            row = connection.execute(select(PAGE_SESSIONS).where(PAGE_SESSIONS.c.digest == digest)).first()
            if row is None:
                return None
            token = connection.execute(select(TOKENS).where(TOKENS.c.token_id == row.token_id)).first()
        return (_session(row), token_view(token)) if token is not None else None

    def seen(self, session: PageSession, at: float) -> None:
        """Note that somebody is there, once a minute at most."""
        if 0 <= at - session.seen_at < _SEEN_SECONDS:
            return
        mine = PAGE_SESSIONS.c.session_id == session.session_id
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(
                PAGE_SESSIONS.update().where(mine, PAGE_SESSIONS.c.seen_at < at).values(seen_at=at)
            )

    def step_up(self, session_id: str, *, digest: str, at: float) -> bool:
        """Give a session a new cookie and note the second factor. False when it is gone."""
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                PAGE_SESSIONS.update()
                .where(PAGE_SESSIONS.c.session_id == session_id)
                .values(digest=digest, stepped_up_at=at, seen_at=at)
            )
            return done.rowcount == 1

    def get(self, session_id: str) -> PageSession | None:
        """A session by its id."""
        query = select(PAGE_SESSIONS).where(PAGE_SESSIONS.c.session_id == session_id)
        with reported(), self._durable.engine.connect() as connection:
            row = connection.execute(query).first()
        return _session(row) if row is not None else None

    def end(self, digest: str) -> bool:
        """Whether there was such a session, which is gone now."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            return (
                connection.execute(delete(PAGE_SESSIONS).where(PAGE_SESSIONS.c.digest == digest)).rowcount > 0
            )

    def end_of_token(self, token_id: str) -> int:
        """How many sessions of a token there were, which are gone now."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            return connection.execute(
                delete(PAGE_SESSIONS).where(PAGE_SESSIONS.c.token_id == token_id)
            ).rowcount


def _session(row: Row[Any]) -> PageSession:
    return PageSession(**{name: getattr(row, name) for name in PageSession.__dataclass_fields__})
