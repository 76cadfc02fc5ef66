"""The OpenAPI 3.1 document, made of the table of routes and the shapes."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from guard.core.access import Deed
from guard.version import __version__
from guard.web.api.shapes.base import Problem
from guard.web.door import APPROVAL_HEADER, CODE_HEADER, CSRF_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.web.api.asked import Route

__all__ = ["MEANINGS", "document"]

_REF = "#/components/schemas/{model}"
_PARTS = re.compile(r"<(\w+)>")
MEANINGS = {
    400: "The request is not understood: every problem is named",
    401: "Nobody whom we know; or a second factor must be shown first (`step_up_required`)",
    403: "The right is missing; or somebody else must approve first; or another site has asked",
    404: "There is nothing of this name",
    409: "Not now: another window is open, or none is",
    412: "The guard is not at this epoch any more",
    413: "The body is too large",
    415: "Not JSON",
    422: "Understood, and not possible with these values: every problem is named",
    429: "Too many requests",
    500: "An error of ours",
    503: "A store does not answer, or all places are taken",
}
_DESCRIPTION = (
    "Maintenance windows of a Celery application. Times are seconds. What nobody could say is null."
)


@functools.cache
def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document of these routes, as plain JSON."""
    answers = {route.gives for route in routes} | {Problem}
    bodies = {route.body for route in routes if route.body is not None}
    wanted = [
        *((model, "serialization") for model in sorted(answers, key=_name)),
        *((model, "validation") for model in sorted(bodies, key=_name)),
    ]
    _, schemas = models_json_schema(wanted, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for route in routes:
        path = "/api" + _PARTS.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    groups = dict.fromkeys(route.group for route in routes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Maintenance guard", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": group} for group in groups],
        "paths": paths,
        "security": [],
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "page": {"type": "apiKey", "in": "cookie", "name": "__Host-guard"},
            },
        },
    }


def _name(model: type) -> str:
    return model.__name__


def _operation(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.group],
        "parameters": list(_parameters(route)),
        "responses": _responses(route),
        "security": [{}] if route.right is None else [{"bearer": []}, {"page": []}],
    }
    if route.right is not None:
        made["description"] = f"Needs the right `{route.right.value}`{_more(route)}."
    if route.body is not None:
        required = any(field.is_required() for field in route.body.model_fields.values())
        made["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    return made


def _more(route: Route) -> str:
    if route.deed is None:
        return ""
    if isinstance(route.deed, Deed):
        return f"; it is the deed `{route.deed.value}`"
    return "; to begin an emergency, or in one, `emergency`"


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in _PARTS.findall(route.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
    if route.query is not None:
        for name, schema in route.query.model_json_schema()["properties"].items():
            yield {"name": name, "in": "query", "required": False, "schema": schema}
    if route.method == "GET":
        return
    yield _header(CSRF_HEADER, "of the page, where a cookie says who asks")
    if route.deed is not None:
        yield _header(CODE_HEADER, "a code of the second factor, beside a bearer token")
        yield _header(APPROVAL_HEADER, "the id of an approval")
    if route.state_bound:
        yield _header("If-Match", "the epoch on which you decided", pattern='^"?[0-9]{1,18}(-[0-9a-f]+)?"?$')
    if route.name in {"enable", "emergency"}:
        yield _header("Idempotency-Key", "the same key is the same window", pattern="^[!-~]{1,200}$")


def _header(name: str, description: str, **more: Any) -> dict[str, Any]:
    schema: Mapping[str, Any] = {"type": "string", **more}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _responses(route: Route) -> dict[str, Any]:
    good = "201" if route.name.endswith("_make") else "200"
    responses: dict[str, Any] = {
        good: {"description": "Done", "content": {route.media: {"schema": _good(route)}}},
    }
    for status in sorted(_statuses(route)):
        responses[str(status)] = {
            "description": MEANINGS[status],
            "content": {"application/problem+json": {"schema": _ref(Problem)}},
        }
    if route.name == "health":
        responses["503"] = {**responses[good], "description": "A part fails, and `ready` was asked for"}
    if route.name == "status":
        responses["304"] = {"description": "As it was: the ETag is the same"}
    return responses


def _good(route: Route) -> dict[str, Any]:
    return {"type": "string"} if route.media.startswith("text/") else _ref(route.gives)


def _ref(model: type) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _statuses(route: Route) -> set[int]:
    found = {500}
    if route.limited:
        found |= {429, 503}
    if route.name == "events":
        found |= {503}
    if route.query is not None:
        found |= {400, 422}
    if route.right is not None:
        found |= {401, 403, 422, 503}
    if route.missing:
        found |= {404}
    if route.method != "GET":
        found |= {400, 409, 413, 415, 422}
    if route.state_bound:
        found |= {412}
    return found
