"""Whether a request that wants to change something was sent by a page of this very site."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["is_own"]

_OWN_SITES = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says of a form of ours, and of an address that a person typed."""


def is_own(*, site: str | None, origin: str | None, host: str) -> bool:
    """Judge by what the browser says of itself. Without any such header the token alone decides: a program
    that is no browser cannot be made to send somebody else's cookie.

    Our pages send no referrer, and a browser then says ``Origin: null``: no proof of anything.

    Args:
        site: the header Sec-Fetch-Site; None without one.
        origin: the header Origin; None without one.
        host: name and port under which this site was asked for.
    """
    if site is not None and site not in _OWN_SITES:
        return False
    if origin is None or origin == "null":
        return site is not None or origin is None
    return urlsplit(origin).netloc.lower() == host.lower()
