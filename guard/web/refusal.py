"""The answer to a refused request: 503, as a problem document (RFC 9457 and the guides' fields) or a page.

What does not differ between two refusals of a second is made once, so that a storm of them costs little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from guard.web.refusal_document import DOCUMENT_TYPE, RefusalDocuments
from guard.web.words import MODE_NAMES, iso, label_of, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from guard.api import Guard
    from guard.errors import MaintenanceActive

__all__ = ["PAGE_HEADERS", "Refusals", "rendered", "wants_page"]

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_PAGE = (("Content-Type", "text/html; charset=utf-8"), *PAGE_HEADERS.items())
_DOCUMENT = (("Content-Type", DOCUMENT_TYPE),)
_MOST_KEPT = 64


class Refusals(RefusalDocuments):
    """Makes the answers of one application."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(guard)
        self._pages: dict[tuple[Any, ...], str] = {}

    def answer(self, error: MaintenanceActive) -> Response:
        """The whole answer: status, headers, body."""
        environ = request.environ
        if wants_page(environ):
            body: str | bytes = self._page(error)
            more = _PAGE
        else:
            body, more = self.document(error, request.path), _DOCUMENT
        return current_app.response_class(body, 503, [*more, *self.headers(error)])

    def _page(self, error: MaintenanceActive) -> str:
        now, kind = self._guard.requests.now(), self._kind(error)
        repeats = request.method in {"GET", "HEAD"}
        key = (
            error.operation,
            error.epoch,
            error.mode,
            error.message,
            int(now) // 10,
            request.script_root,
            repeats,
        )
        page = self._pages.get(key)
        if page is None:
            if len(self._pages) >= _MOST_KEPT:
                self._pages.clear()
            state = self._guard.requests.state() if error.mode is not None else None
            planned_end = state.planned_end if state is not None else None
            page = self._pages[key] = rendered(
                "guard_public/refused.html",
                mode=error.mode or "unknown",
                mode_name=MODE_NAMES.get(error.mode or "", "Service Temporarily Unavailable"),
                kind=kind,
                label=label_of(kind),
                message=error.message,
                reason=error.reason,
                planned_end=iso(planned_end),
                until=until(planned_end, now),
                repeats=repeats,
                has_status_page="guard_public.status_page" in current_app.view_functions,
            )
        return page


def rendered(template: str, **values: Any) -> str:
    """A page of ours by Flask's templates, without what the application adds to its own pages: that may ask a
    database which is being maintained, or say who asks, on a page that is kept for others."""
    return current_app.jinja_env.get_template(template).render(**values)


def wants_page(environ: Mapping[str, Any]) -> bool:
    """Whether the client would rather have HTML than JSON. One that asks for anything gets JSON.

    Args:
        environ: of WSGI.
    """
    accept = environ.get("HTTP_ACCEPT", "")
    if "html" not in accept or environ.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest":
        return False
    if "json" not in accept:
        return True
    found = parse_accept_header(accept, MIMEAccept)
    return found["text/html"] > max(found["application/json"], found["application/problem+json"])
