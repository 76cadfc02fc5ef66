"""What every answer of the admin page tells the browser not to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Response

__all__ = ["POLICY", "secured"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No host but our own, nothing inline, in nobody's frame."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def secured(response: Response, *, keep: bool) -> Response:
    """Add the headers. `keep`: whether a browser may keep the answer: scripts and styles, never a page. A
    policy of the answer's own stays: that of a report allows less than this one."""
    own = response.headers.get("Content-Security-Policy", POLICY)
    response.headers.update(_HEADERS)
    response.headers["Content-Security-Policy"] = own
    if not keep:
        response.headers["Cache-Control"] = "no-store"
    return response
