"""Who asks, and from where: the one place that reads credentials out of a request.

Rules:

- In this order: a bearer token, the cookie of a page session, the application's own word. The first that is
  there decides; one that is wrong is not made up for by the next. Credentials of another kind than a bearer
  token (Basic, say) are the application's, if it says who somebody is.
- An address told by a proxy counts only where the proxy itself is trusted, and only up to the first that is
  not (threat S9).
- What a browser sends by itself (a cookie) proves nothing about who wrote the request. So a change by cookie
  needs the session's CSRF token in a header, and one from a browser comes from our own origin (S3). A bearer
  token is never sent by a browser on its own.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.errors import InvalidRequest, NotAllowed, NotKnown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from flask import Request

    from guard.api import Guard
    from guard.core.access import Actor

__all__ = ["APPROVAL_HEADER", "CODE_HEADER", "CSRF_HEADER", "Door", "ForgedRequest"]

CSRF_HEADER = "X-CSRF-Token"
CODE_HEADER = "X-Guard-Code"
"""The one-time code of a second factor, beside a bearer token."""
APPROVAL_HEADER = "X-Guard-Approval"
"""The id of an approval that somebody else has given."""
_SECURE_COOKIE = "__Host-guard"
_PLAIN_COOKIE = "guard"
_LONGEST_CREDENTIAL = 4096
_MOST_HOPS = 20


class ForgedRequest(NotAllowed):
    """A browser sent this on behalf of another site, as far as can be told."""


class Door:
    """Who asks.

    Args:
        authenticate: the application's own answer for a request: who it is and with which rights, or None.
        trusted_proxies: addresses or networks of proxies whose ``X-Forwarded-For`` counts; those of the
            setting GUARD_TRUSTED_PROXIES when None.
    """

    def __init__(
        self,
        guard: Guard,
        authenticate: Callable[[Request], Actor | None] | None = None,
        trusted_proxies: Collection[str] | None = None,
    ) -> None:
        self._guard = guard
        self._authenticate = authenticate
        proxies = guard.settings.trusted_proxies if trusted_proxies is None else trusted_proxies
        self._proxies = _networks(proxies)

    @property
    def asks_app(self) -> bool:
        """Whether the application says who somebody is, so that a request may show nothing of ours."""
        return self._authenticate is not None

    def actor(self, request: Request, *, touch: bool = True) -> Actor:
        """Who asks.

        Args:
            touch: whether a person did; a page that asks by itself says False, or it would never be idle.

        Raises:
            NotKnown: nobody whom we know.
            StepUpRequired: the code that was sent along does not count.
            TooManyRequests: too many wrong tokens or codes from there.
        """
        address = self.address(request)
        token = self.bearer(request)
        if token is not None:
            code = request.headers.get(CODE_HEADER)
            return self._guard.access.actor_of_token(token, address=address, code=code)
        cookie = self.cookie(request)
        if cookie is not None:
            return self._guard.access.actor_of_session(cookie, address=address, touch=touch)
        actor = self._authenticate(request) if self._authenticate is not None else None
        if actor is None:
            raise NotKnown("say who you are: send a bearer token, or sign in")
        actor = replace(actor, via="application", address=address)
        code = request.headers.get(CODE_HEADER)
        return self._guard.access.show_code(actor, code) if code else actor

    def address(self, request: Request) -> str:
        """From where, as far as trusted proxies tell; empty when not even the server knows."""
        nearest = request.remote_addr or ""
        told = [one.strip() for one in ",".join(request.headers.getlist("X-Forwarded-For")).split(",")]
        for hop in reversed(told[-_MOST_HOPS:]):
            if not hop or not self._is_proxy(nearest):
                break
            if _plain_address(hop) is None:
                break
            nearest = hop
        plain = _plain_address(nearest)
        return str(plain) if plain is not None else ""

    def bearer(self, request: Request) -> str | None:
        """The bearer token of a request; None when it has none. Credentials of another kind may be for an
        application that says who somebody is.

        Raises:
            NotKnown: there are credentials of another kind, and no such application.
        """
        text = request.headers.get("Authorization")
        if text is None:
            return None
        scheme, _, token = text.partition(" ")
        if scheme.lower() != "bearer" and self.asks_app:
            return None
        if scheme.lower() != "bearer" or not token.strip() or len(token) > _LONGEST_CREDENTIAL:
            raise NotKnown("the credentials are of no kind that counts here: send a bearer token")
        return token.strip()

    def cookie_name(self, request: Request) -> str:
        """Under which name the cookie of a page session travels: bound to host and TLS, but on plain http."""
        return _SECURE_COOKIE if request.is_secure else _PLAIN_COOKIE

    def cookie(self, request: Request) -> str | None:
        """The cookie of a page session; None without one."""
        text = request.cookies.get(self.cookie_name(request))
        return text if text and len(text) <= _LONGEST_CREDENTIAL else None

    def require_own_request(self, request: Request, actor: Actor) -> None:
        """That a change was asked for by our own page, where a browser sends credentials by itself.

        Raises:
            ForgedRequest: it was not, as far as can be told.
        """
        if actor.via == "token":
            return
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site != "same-origin":
            raise ForgedRequest("this request comes from another site", needed="the same origin")
        origin = request.headers.get("Origin")
        if origin is not None and not _is_same_origin(origin, request):
            raise ForgedRequest("this request comes from another site", needed="the same origin")
        if actor.via != "page":
            return
        cookie, told = self.cookie(request), request.headers.get(CSRF_HEADER, "")
        if cookie is None or not self._guard.access.check_csrf(cookie, told):
            raise ForgedRequest(
                f"a change by cookie needs the page's token in the header {CSRF_HEADER}",
                needed="a CSRF token",
            )

    def _is_proxy(self, text: str) -> bool:
        address = _plain_address(text)
        return address is not None and any(address in network for network in self._proxies)


def _networks(texts: Collection[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    made, problems = [], []
    for text in texts:
        try:
            made.append(ip_network(text.strip()))
        except ValueError as error:
            problems.append(f"trusted proxy {text[:60]!r} is no address and no network: {error}")
    if problems:
        raise InvalidRequest(*problems)
    return tuple(made)


def _plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address without port, brackets, zone; an IPv4 address told as IPv6 as itself."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_same_origin(origin: str, request: Request) -> bool:
    """Whether an Origin header names the server that was asked. Behind a proxy that ends TLS the scheme may
    be told wrongly, so the host decides."""
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and parts.netloc == request.host
