"""Page sessions: a person who signed in on the admin page with a token.

They last for `IDLE_SECONDS` after the last request and for `LONGEST_SECONDS` in all (OWASP ASVS 5.0, 7.3),
and never longer than their token: rights are the token's at each use, so whoever loses theirs loses them at
once (threat S11). The cookie is 256 random bits, of which only a digest is kept, and another one after each
sign-in and step-up (session fixation).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from guard.core.access import Actor

if TYPE_CHECKING:
    from guard.core.credentials import TokenView

__all__ = [
    "IDLE_SECONDS",
    "LONGEST_SECONDS",
    "PageSession",
    "SignedIn",
    "csrf_text",
    "is_cookie",
    "is_csrf_text",
    "page_actor",
]

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 8 * 3600
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSession:
    """One sign-in. Times are UTC seconds; `seen_at` is right to the minute."""

    session_id: str
    token_id: str
    address: str
    began_at: float
    seen_at: float
    expires_at: float
    stepped_up_at: float | None = None

    def counts(self, now: float) -> bool:
        """Whether it is neither over nor idle for too long."""
        return now < self.expires_at and now - self.seen_at < IDLE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A page session with a new cookie. The one before, if there was one, counts no longer.

    Attributes:
        cookie: the text of the cookie, 43 characters of base64url. A secret.
        actor: who signed in.
        seconds: how long the cookie may count at most.
    """

    cookie: str = field(repr=False)
    actor: Actor
    seconds: int


def page_actor(session: PageSession, token: TokenView, *, address: str, now: float) -> Actor | None:
    """Who is behind a page session now; None when it or its token counts no longer."""
    if not session.counts(now) or not token.counts(now):
        return None
    return Actor(
        name=token.owner,
        rights=token.rights,
        address=address,
        via="page",
        credential=session.session_id,
        stepped_up_at=session.stepped_up_at,
    )


def is_cookie(text: object) -> bool:
    """Whether this has the shape of a cookie of ours."""
    return isinstance(text, str) and _COOKIE.fullmatch(text) is not None


def csrf_text(cookie: str) -> str:
    """What a form of this session sends along: only who holds the cookie can make it, and it does not give
    the cookie away."""
    return hmac.new(cookie.encode(), b"guard csrf", sha256).hexdigest()


def is_csrf_text(cookie: str, text: object) -> bool:
    """Whether this text came from a form of this session; takes equally long whatever differs."""
    return (
        is_cookie(cookie)
        and isinstance(text, str)
        and text.isascii()
        and hmac.compare_digest(csrf_text(cookie), text)
    )
