"""Who asks in Flower, and whether they may change anything.

Flower's sign-in is all or nothing: whoever may sign in may end workers. So whoever it knows may open and end
windows, and emergencies with a code (`guard.flower.permit`). Where it has no sign-in, everybody who reaches
its port would be somebody, and the page only shows.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from typing import Any

__all__ = ["Visitor", "visitor_of", "why_read_only"]

_LONGEST_NAME = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whom Flower has let in.

    Attributes:
        name: the address of OAuth, or the user of basic authentication.
        address: where the request came from, as far as Flower knows (``--xheaders`` behind a proxy).
    """

    name: str
    address: str

    @property
    def for_journal(self) -> str:
        """In one field, up to 100 characters."""
        return f"{self.name[:_LONGEST_NAME]} (Flower, {self.address or 'unknown'})"[:100]


def why_read_only(options: Any) -> str:
    """Why nothing may be changed here, in words; empty when it may."""
    if options.read_only:
        return "Flower runs with --read_only."
    if not (options.basic_auth or options.auth):
        return (
            "Flower runs without authentication, so everybody who reaches it could open and end windows. "
            "Start it with --basic_auth or --auth to have buttons here; until then use the command line: "
            "celery -A yourapp maintenance."
        )
    return ""


def visitor_of(handler: Any) -> Visitor:
    """The visitor of a request that Flower has authenticated."""
    user = handler.current_user
    if not isinstance(user, str):  # with basic authentication Flower only says that it is somebody
        user = _basic_user(handler.request.headers.get("Authorization", ""))
    name = "".join(char for char in user if char.isprintable()).strip()
    return Visitor(name=name or "somebody", address=str(handler.request.remote_ip or ""))


def _basic_user(header: str) -> str:
    """Read as Flower reads it, so that nobody is let in under one name and acts under another."""
    try:
        _, credentials = header.split()
        return b64decode(credentials.encode()).decode().partition(":")[0]
    except (Error, ValueError):
        return ""
