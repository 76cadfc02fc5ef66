"""The blueprint: one Flask rule for each route of the table, and one for whatever is no route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import PathConverter

from guard.web.api.asked import Site
from guard.web.api.listeners import Listeners
from guard.web.api.problems import NotThere, WrongRequest
from guard.web.api.routes import ROUTES
from guard.web.api.serving import problem_response, serve
from guard.web.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from guard.api import Guard
    from guard.web.api.asked import Route
    from guard.web.door import Door

__all__ = ["make_api"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_REST = "rest"


class _Rest(PathConverter):
    """A path of whatever characters. Werkzeug's own leaves out line breaks, which an id may have."""

    regex = "(?s:[^/].*?)"


def make_api(
    guard: Guard, door: Door, *, standing: Standing | None = None, name: str = "guard_api"
) -> Blueprint:
    """A blueprint to be registered at ``/api``.

    Args:
        standing: shared with the pages of the same process; one of its own when None.
    """
    site = Site(
        guard=guard,
        door=door,
        standing=standing if standing is not None else Standing(guard),
        health=guard.health,
        listeners=Listeners(guard.settings.guard_event_listeners),
        routes=ROUTES,
    )
    blueprint = Blueprint(name, __name__)
    blueprint.guard_site = site  # type: ignore[attr-defined]
    for route in ROUTES:
        blueprint.add_url_rule(
            route.path,
            route.name,
            _view(site, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    blueprint.record(lambda setup: setup.app.url_map.converters.update(guard_rest=_Rest))
    for path in ("/maintenance/<guard_rest:rest>", "/maintenance", "/health/maintenance"):
        blueprint.add_url_rule(
            path, _REST, _no_route, methods=list(_METHODS), provide_automatic_options=False
        )
    return blueprint


def _view(site: Site, route: Route) -> Callable[..., Response]:
    def view(**values: Any) -> Response:
        return serve(site, route, values)

    view.__name__ = route.name
    return view


def _no_route(**_rest: Any) -> Response:
    """No such method, or nothing there: said as a problem, and never by the application's own error page."""
    adapter = current_app.create_url_adapter(request)
    allowed = []
    for method in _METHODS:
        try:
            endpoint, _ = adapter.match(method=method) if adapter is not None else ("", {})
        except HTTPException:
            continue
        if endpoint.rpartition(".")[2] != _REST:
            allowed.append(method)
    if not allowed:
        return problem_response(NotThere("there is nothing here; /api/maintenance/openapi.json says what is"))
    error = WrongRequest(
        405, "method_not_allowed", f"{request.method} is not for this", headers={"Allow": ", ".join(allowed)}
    )
    return problem_response(error)
