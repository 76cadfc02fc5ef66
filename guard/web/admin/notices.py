"""What a page says once after something was done: carried over the redirect in a signed cookie.

Not in the address: a link that somebody else made could then put words into our mouth.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeTimedSerializer

if TYPE_CHECKING:
    from flask import Request, Response

__all__ = ["Notices"]

COOKIE = "guard-said"
_SECONDS = 60
_MOST = 12
_LONGEST = 300


class Notices:
    """Says what was done.

    Args:
        key: the secret of all processes that serve this page; without one, a notice is lost when another
            process serves the next page.
        path: of the admin page.
    """

    def __init__(self, key: bytes | None) -> None:
        self._signer = URLSafeTimedSerializer(key or secrets.token_bytes(32), salt="guard admin notices")

    def say(self, response: Response, *sentences: str, path: str, secure: bool) -> Response:
        """Have the next page say this."""
        said = [sentence[:_LONGEST] for sentence in sentences[:_MOST]]
        text = self._signer.dumps(said)
        response.set_cookie(
            COOKIE,
            text if isinstance(text, str) else text.decode(),
            max_age=_SECONDS,
            path=path,
            httponly=True,
            secure=secure,
            samesite="Strict",
        )
        return response

    def read(self, request: Request) -> list[str]:
        """What is to be said on this page."""
        text = request.cookies.get(COOKIE)
        if not text:
            return []
        try:
            said = self._signer.loads(text, max_age=_SECONDS)
        except BadData:
            return []
        return [str(sentence) for sentence in said] if isinstance(said, list) else []

    def forget(self, response: Response, *, path: str) -> None:
        """It was said."""
        response.delete_cookie(COOKIE, path=path)
