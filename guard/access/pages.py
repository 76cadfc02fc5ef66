"""Page sessions: sign-in with a token, a cookie, step-up, sign-out."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from guard.core.credentials import digest_of
from guard.core.page_session import LONGEST_SECONDS, PageSession, SignedIn, is_cookie, page_actor
from guard.errors import NotKnown

if TYPE_CHECKING:
    from guard.access.journal import AccessJournal
    from guard.access.step_up import StepUp
    from guard.access.tokens import Tokens
    from guard.core.access import Actor
    from guard.ports import Clock
    from guard.store.sql.page_sessions import SqlPageSessions

__all__ = ["Pages"]

_UNKNOWN = "nobody is signed in here"


class Pages:
    """The page sessions of one installation."""

    def __init__(
        self,
        *,
        store: SqlPageSessions,
        tokens: Tokens,
        step_up: StepUp,
        journal: AccessJournal,
        clock: Clock,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._step_up = step_up
        self._journal = journal
        self._clock = clock

    def sign_in(self, text: object, *, address: str) -> SignedIn:
        """Begin a session, always with a cookie of its own. Raises NotKnown, TooManyRequests."""
        token, now, cookie = self._tokens.known(text, address=address), self._clock.wall(), _cookie()
        session = PageSession(
            session_id=str(uuid.uuid4()),
            token_id=token.token_id,
            address=address,
            began_at=now,
            seen_at=now,
            expires_at=min(now + LONGEST_SECONDS, token.expires_at),
        )
        self._store.add(session, digest_of(cookie))
        actor = page_actor(session, token, address=address, now=now)
        if actor is None:
            raise NotKnown(_UNKNOWN)
        self._journal.done("sign in", actor=actor, detail={"token": token.token_id})
        return SignedIn(cookie=cookie, actor=actor, seconds=int(session.expires_at - now))

    def actor(self, cookie: object, *, address: str, touch: bool = True) -> Actor:
        """Who is behind a cookie, with the rights that the token has now. Raises NotKnown."""
        now = self._clock.wall()
        found = self._store.find(digest_of(cookie)) if isinstance(cookie, str) and is_cookie(cookie) else None
        actor = page_actor(*found, address=address, now=now) if found else None
        if found is None or actor is None:
            raise NotKnown(_UNKNOWN)
        if touch:
            self._store.seen(found[0], now)
        return actor

    def sign_out(self, cookie: object, *, address: str = "") -> bool:
        """End a session. Whether there was one."""
        if not isinstance(cookie, str) or not is_cookie(cookie):
            return False
        digest = digest_of(cookie)
        found = self._store.find(digest)
        if not self._store.end(digest):
            return False
        if found is not None:
            actor = page_actor(*found, address=address, now=self._clock.wall())
            self._journal.done("sign out", by=found[1].owner, actor=actor)
        return True

    def step_up(self, actor: Actor, code: str) -> SignedIn:
        """Show a second factor: the session goes on under a new cookie, and the old one counts no longer.

        Raises:
            StepUpRequired, TooManyRequests: as `StepUp.show`. NotKnown: the session is gone.
        """
        shown = self._step_up.show(actor, code)
        cookie, at = _cookie(), shown.stepped_up_at
        session = self._store.get(actor.credential)
        if session is None or at is None:
            raise NotKnown(_UNKNOWN)
        if not self._store.step_up(session.session_id, digest=digest_of(cookie), at=at):
            raise NotKnown(_UNKNOWN)
        return SignedIn(cookie=cookie, actor=shown, seconds=max(0, int(session.expires_at - at)))


def _cookie() -> str:
    return secrets.token_urlsafe(32)
