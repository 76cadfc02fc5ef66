"""Access tokens in the database: a digest of each secret, never the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from guard.core.access import Right
from guard.core.credentials import TokenView, rights_text
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import TOKENS

if TYPE_CHECKING:
    from sqlalchemy import Row

    from guard.store.sql.store import SqlStore

__all__ = ["SqlTokens", "token_view"]

_USE_SECONDS = 60.0
"""The last use is written when the one that is kept is this old: no write per request."""


class SqlTokens:
    """The tokens of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def add(self, view: TokenView, digest: str) -> None:
        """Keep a new token."""
        self._durable.require_ready()
        values = {
            "token_id": view.token_id,
            "owner": view.owner,
            "label": view.label,
            "digest": digest,
            "rights": rights_text(view.rights),
            "made_at": view.made_at,
            "made_by": view.made_by,
            "expires_at": view.expires_at,
        }
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(TOKENS.insert().values(**values))

    def find(self, token_id: str) -> tuple[TokenView, str] | None:
        """A token and its digest."""
        self._durable.require_ready()
        with reported():
            return self._find(token_id)

    @patiently
    def _find(self, token_id: str) -> tuple[TokenView, str] | None:
        with self._durable.engine.connect() as connection:
            row = connection.execute(select(TOKENS).where(TOKENS.c.token_id == token_id)).first()
        return (token_view(row), row.digest) if row is not None else None

    def all(self) -> list[TokenView]:
        """All that were made, the newest first."""
        self._durable.require_ready()
        query = select(TOKENS).order_by(TOKENS.c.made_at.desc(), TOKENS.c.token_id)
        with reported(), self._durable.engine.connect() as connection:
            return [token_view(row) for row in connection.execute(query)]

    def revoke(self, token_id: str, *, by: str, at: float) -> bool:
        """Whether it was this call that revoked it."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                TOKENS.update()
                .where(TOKENS.c.token_id == token_id, TOKENS.c.revoked_at.is_(None))
                .values(revoked_at=at, revoked_by=by)
            )
            return done.rowcount == 1

    def used(self, view: TokenView, at: float) -> None:
        """Note the last use, once a minute at most."""
        if view.used_at is not None and 0 <= at - view.used_at < _USE_SECONDS:
            return
        stale = or_(TOKENS.c.used_at.is_(None), TOKENS.c.used_at <= at - _USE_SECONDS)
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(
                TOKENS.update().where(TOKENS.c.token_id == view.token_id, stale).values(used_at=at)
            )


def token_view(row: Row[Any]) -> TokenView:
    """A row of the table. A right that this release does not know is none."""
    known = {right.value for right in Right}
    return TokenView(
        token_id=row.token_id,
        owner=row.owner,
        label=row.label,
        rights=frozenset(Right(name) for name in row.rights.split(",") if name in known),
        made_at=row.made_at,
        made_by=row.made_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by or "",
        used_at=row.used_at,
    )
