"""A storm of refusals: many requests in a second that are refused whoever makes them. Answered before Flask
begins.

Rules:

- Only after so many refusals in this second that no more have a log line of their own
  (`guard.api.attempts`): those before have gone the whole way, and say who asked.
- Only what is refused whoever asks, without a bypass, and what would be answered with a problem document.
- Never for a request from a page of another origin: its answer needs the headers of CORS, which the
  application's own functions add. In a storm those do not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from guard.web.refusal import wants_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask

    from guard.api import Guard
    from guard.core.operations import OperationKind
    from guard.web.refusal import Refusals

__all__ = ["Storm"]

_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 200


class Storm:
    """Answers some requests of one application.

    Args:
        operation: of a request to this endpoint by this method and path; None: it is not ours to answer.
    """

    def __init__(
        self,
        app: Flask,
        guard: Guard,
        refusals: Refusals,
        operation: Callable[[str, str, str], OperationKind | None],
    ) -> None:
        self._routes = app.url_map
        self._guard = guard
        self._requests = guard.requests
        self._refusals = refusals
        self._operation = operation
        self._known: dict[tuple[str, str], OperationKind | None] = {}
        self._known_by: object = None

    def answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes] | None:
        """The whole answer; None: let Flask see to it."""
        if "HTTP_ORIGIN" in environ or "HTTP_X_MAINTENANCE_BYPASS" in environ or wants_page(environ):
            return None
        method, path = environ["REQUEST_METHOD"], _text(environ.get("PATH_INFO", ""))
        kind = self._kind(method, path)
        error = self._requests.refusal_of_anybody(kind) if kind is not None else None
        if error is None:
            return None
        self._guard.attempts.note(error.operation)
        body = self._refusals.document(error, path)
        start_response(
            "503 SERVICE UNAVAILABLE",
            [
                ("Content-Type", "application/problem+json"),
                ("Content-Length", str(len(body))),
                *self._refusals.headers(error),
            ],
        )
        return [] if method == "HEAD" else [body]

    def _kind(self, method: str, path: str) -> OperationKind | None:
        where, rules = (method, path), self._guard.operations.endpoints
        if self._known_by is not rules or len(self._known) >= _MOST_REMEMBERED:
            self._known, self._known_by = {}, rules
        if where in self._known:
            return self._known[where]
        kind = self._matched(method, path)
        if len(path) <= _LONGEST_REMEMBERED:
            self._known[where] = kind
        return kind

    def _matched(self, method: str, path: str) -> OperationKind | None:
        if self._routes.host_matching or method == "OPTIONS":
            return None
        try:
            endpoint, _ = self._routes.bind("storm.invalid").match(path, method)
        except (HTTPException, RequestRedirect):
            return None
        return self._operation(endpoint, method, path)


def _text(path: str) -> str:
    """PATH_INFO as text: WSGI gives its bytes as latin-1."""
    return path.encode("latin-1").decode("utf-8", "replace")
