"""The guard in a Django project: each request is asked about before its view begins.

    MIDDLEWARE = [..., "guard.web.django.MaintenanceMiddleware"]

Rules:

- Asked when the view is known and every middleware has seen the request, so that `request.user` is there,
  and an address that does not exist stays 404.
- A view says its operation by `@guarded`; else method and path decide, by `guard.operations.add_endpoint`.
- `MaintenanceActive`, raised in a view, becomes the same 503, and ATOMIC_REQUESTS rolls the transaction back.
- Sessions are Django's: a window ends none, and bars nobody from signing in.

Needs Django and nothing else; Flask is not imported.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.html import escape

from guard.bootstrap import installed
from guard.core.decision import Outcome
from guard.core.requests import User
from guard.errors import MaintenanceActive
from guard.web.refusal_document import DOCUMENT_TYPE, RefusalDocuments
from guard.web.words import title_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from guard.api import Guard
    from guard.core.operations import OperationKind

__all__ = ["TEMPLATE", "MaintenanceMiddleware", "guarded"]

log = logging.getLogger(__name__)

TEMPLATE = "maintenance/refused.html"
"""The project's own page if it has one; given ``message``, ``reason``, ``title``, ``retry_after``."""
_OPERATION = "guard_operation"
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    "<h1>{title}</h1><p>{message}</p><p>{reason}</p></html>\n"
)


def guarded(operation: str) -> Callable[[Any], Any]:
    """Say which operation a view is: ``@guarded("job_creation")``, outermost of its decorators."""

    def mark(view: Any) -> Any:
        setattr(view, _OPERATION, operation)
        return view

    return mark


class MaintenanceMiddleware:
    """Answers what a window blocks with 503. To say who asks in another way, override `user`.

    Raises:
        ImproperlyConfigured: Celery's app has no guard.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self.guard = self.find_guard()
        self._requests = self.guard.requests
        self._documents = RefusalDocuments(self.guard)

    def find_guard(self) -> Guard:
        """The guard of Celery's current app, which is the project's once its package imports `celery.py`."""
        app: Any = current_app
        guard = installed(app._get_current_object())  # noqa: SLF001 - the app behind the proxy
        if guard is None:
            raise ImproperlyConfigured(
                f"MaintenanceMiddleware: the Celery app {current_app.main!r} has no guard. Call "
                "guard.install(app) in the project's celery.py, and import that app in the project's "
                "__init__.py, as Celery's documentation says"
            )
        return guard

    def user(self, request: HttpRequest) -> User | None:
        """Who asks; None for nobody that is signed in. A superuser counts as an admin, staff does not.
        Called only while something is blocked."""
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return None
        return User(name=user.get_username(), role="admin" if user.is_superuser else "user")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing yet: see `process_view`."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Ask about a request. The refusal, or None to go on."""
        requests = self._requests
        if requests.nothing_to_ask or requests.is_open:
            return None
        kind = self._operation(request, view)
        user = self._who(request)
        bypass = request.META.get("HTTP_X_MAINTENANCE_BYPASS")
        decision = requests.decide(kind, user=user, bypass=bypass)
        if decision.outcome is Outcome.REFUSE:
            return self._refuse(requests.refused(kind, user=user), user, request, counted=False)
        if decision.would is not None:
            requests.rehearsed(kind)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A view has published what is refused: the publish gate has counted that."""
        if not isinstance(error, MaintenanceActive):
            return None
        return self._refuse(error, self._who(request), request, counted=True)

    def _operation(self, request: HttpRequest, view: Any) -> OperationKind:
        # a class-based view's function has the class: the decorator may be on either
        declared = getattr(view, _OPERATION, None) or getattr(
            getattr(view, "view_class", None), _OPERATION, None
        )
        if declared is not None:
            return self.guard.operations.kind(declared)
        return self._requests.operation(request.method or "GET", request.path_info)

    def _who(self, request: HttpRequest) -> User | None:
        try:
            return self.user(request)
        except Exception:
            log.warning("who makes this request is not known", exc_info=True)
            return None

    def _refuse(
        self, error: MaintenanceActive, user: User | None, request: HttpRequest, *, counted: bool
    ) -> HttpResponse:
        name = user.name if user is not None else "anonymous"
        self.guard.attempts.note(error.operation, user=name, endpoint=request.path, counted=counted)
        if _wants_page(request):
            body: str | bytes = self._page(error, request)
            kind = "text/html; charset=utf-8"
        else:
            body, kind = self._documents.document(error, request.path), DOCUMENT_TYPE
        headers = dict(self._documents.headers(error))
        return HttpResponse(body, status=503, content_type=kind, headers=headers)

    def _page(self, error: MaintenanceActive, request: HttpRequest) -> str:
        kinds = self.guard.operations.kinds
        words = {
            "title": title_of(kinds.get(error.operation, kinds["unknown"])),
            "message": error.message,
            "reason": error.reason,
            "retry_after": error.retry_after,
        }
        try:
            return str(render_to_string(TEMPLATE, words, request=request))
        except TemplateDoesNotExist:
            return _PAGE.format_map({name: escape(text) for name, text in words.items()})


def _wants_page(request: HttpRequest) -> bool:
    """Whether the client would rather have HTML than JSON. One that asks for anything gets JSON."""
    accept = request.META.get("HTTP_ACCEPT", "")
    return "html" in accept and "json" not in accept
