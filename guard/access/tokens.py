"""Tokens: made, listed, revoked, and who shows one."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from guard.core.access import Actor
from guard.core.credentials import (
    NewToken,
    TokenRequest,
    TokenView,
    digest_of,
    is_secret_of,
    read_token,
    token_text,
)
from guard.errors import InvalidRequest, NotKnown

if TYPE_CHECKING:
    from guard.access.journal import AccessJournal
    from guard.access.limits import Limits
    from guard.ports import Clock
    from guard.store.sql.page_sessions import SqlPageSessions
    from guard.store.sql.tokens import SqlTokens

__all__ = ["Tokens"]

_NOBODY = "0" * 64


class Tokens:
    """The tokens of one installation."""

    def __init__(
        self,
        *,
        store: SqlTokens,
        sessions: SqlPageSessions,
        limits: Limits,
        journal: AccessJournal,
        clock: Clock,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._limits = limits
        self._journal = journal
        self._clock = clock

    def make(self, request: TokenRequest) -> NewToken:
        """Make one. Its text is nowhere else."""
        secret = secrets.token_urlsafe(32)
        view = request.view(secrets.token_hex(8), self._clock.wall())
        self._store.add(view, digest_of(secret))
        detail = {
            "token": view.token_id,
            "owner": view.owner,
            "label": view.label,
            "rights": sorted(view.rights),
            "seconds": request.seconds,
        }
        self._journal.done("make token", by=request.by, detail=detail)
        return NewToken(token_text(view.token_id, secret), view)

    def revoke(self, token_id: str, *, by: str) -> TokenView:
        """End a token, and the page sessions that were begun with it. Raises InvalidRequest: none is
        there."""
        found = self._store.find(token_id[:36])
        if found is None:
            raise InvalidRequest(f"there is no token {token_id[:40]!r}")
        if self._store.revoke(found[0].token_id, by=by, at=self._clock.wall()):
            ended = self._sessions.end_of_token(found[0].token_id)
            detail = {"token": found[0].token_id, "owner": found[0].owner, "page_sessions": ended}
            self._journal.done("revoke token", by=by, detail=detail)
        return (self._store.find(found[0].token_id) or found)[0]

    def all(self) -> list[TokenView]:
        """All of them, the newest first."""
        return self._store.all()

    def known(self, text: object, *, address: str) -> TokenView:
        """The token of a text.

        A genuine one counts even from an address where many wrong ones came from: 256 bits are not guessed,
        and nobody shall lock an administrator out by trying wrong ones beside them.

        Raises:
            NotKnown: it is wrong, over or revoked. TooManyRequests: and too many were, from there.
        """
        now, named = self._clock.wall(), read_token(text)
        found = self._store.find(named[0]) if named else None
        genuine = is_secret_of(found[1] if found else _NOBODY, named[1] if named else "")
        if found is None or not genuine or not found[0].counts(now):
            why = "wrong" if not found or not genuine else "revoked" if found[0].revoked_at else "over"
            detail = {"why": why, **({"token": named[0]} if named else {})}
            name = found[0].owner if found and genuine else ""
            self._journal.refused("token", name=name, address=address, detail=detail)
            self._limits.take("wrong token", address)
            raise NotKnown("this token does not count")
        self._store.used(found[0], now)
        return found[0]

    def actor(self, text: object, *, address: str) -> Actor:
        """Who shows a token. Raises as `known`."""
        view = self.known(text, address=address)
        return Actor(
            name=view.owner, rights=view.rights, address=address, via="token", credential=view.token_id
        )
