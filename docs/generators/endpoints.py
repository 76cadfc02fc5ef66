"""docs/reference/endpoints.md: every HTTP endpoint of the API, the pages in Flask, and those in Flower."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import flower.urls
from celery import Celery

import guard
from generators.markdown import anchor, cell, code, page, table
from generators.shapes import shape, short, type_of
from guard.core.access import DEEDS, Deed
from guard.core.rates import RATES
from guard.flower.inside import join
from guard.web.api.openapi import MEANINGS, document
from guard.web.api.routes import ROUTES
from guard.web.serving import make_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guard.web.api.asked import Route

__all__ = ["endpoints"]

_INTRO = """Everything that is answered over HTTP, as the code has it: the table of routes that Flask's rules
and the OpenAPI document are made of, the pages beside it, and what the guard adds to Flower. Who
asks, second factors, approvals and errors are explained in [HTTP API](../http-api.md); `GET
/api/maintenance/openapi.json` is the same for programs.

*public*: nobody is asked who they are. Otherwise the least [right](../access.md) is named; *or*
another one, where the request tells which. A deed that takes a second factor is marked *step-up*. A
right includes `read`; `admin` includes all."""
_RATES = """Rates count for one token or address, in all processes together. What is over them gets 429 with
`Retry-After`."""
_PROBLEMS = """What is no success is a [Problem](#problem), as `application/problem+json`."""
_PAGES = """`MaintenanceExtension(app, guard)` mounts them in a Flask application, and `celery -A yourapp
maintenance web` serves them by itself. Pages of `/admin/maintenance` take a sign-in ([admin
page](../admin-page.md)); those of `/maintenance` are public."""
_FLOWER = """In [Flower](../flower.md), behind its own sign-in; `/metrics` is as open as Flower's is."""
_TOLD = "deed: what the request says; what begins or ends an emergency takes `emergency` and a step-up"
_KINDS = {"public": "who is nobody", "read": "reading", "change": "changing"}


def endpoints() -> str:
    """The page."""
    api, schemas = document(ROUTES), document(ROUTES)["components"]["schemas"]
    overview = table(
        ("endpoint", "right", "what it does"),
        (
            (f"[{code(_title(one))}](#{anchor(_title(one))})", _right(one), cell(one.summary))
            for one in ROUTES
        ),
    )
    blocks = [block for route in ROUTES for block in _about(route, api["paths"][_path(route)])]
    return page(
        "Endpoints",
        "guard/web and guard/flower",
        _INTRO,
        overview,
        "## Rates",
        _RATES,
        table(
            ("of", "tries", "in"),
            ((who, str(RATES[name].limit), f"{RATES[name].seconds} s") for name, who in _KINDS.items()),
        ),
        "## Statuses",
        _PROBLEMS,
        table(("status", "when"), ((str(status), cell(said)) for status, said in MEANINGS.items())),
        *blocks,
        "## Pages in Flask",
        _PAGES,
        table(("path", "methods", "page"), _flask_pages()),
        "## Pages in Flower",
        _FLOWER,
        table(("path", "methods", "page"), _flower_pages()),
        "## Shapes",
        *(block for name in sorted(schemas) for block in shape(name, schemas[name])),
    )


def _path(route: Route) -> str:
    return "/api" + re.sub(r"<(\w+)>", r"{\1}", route.path)


def _title(route: Route) -> str:
    return f"{route.method} {_path(route)}"


def _right(route: Route) -> str:
    if route.right is None:
        return "public"
    right = code(route.right.value)
    if route.or_right is not None:
        right += f" or {code(route.or_right.value)}"
    if isinstance(route.deed, Deed) and DEEDS[route.deed].step_up:
        right += ", step-up"
    return right


def _about(route: Route, paths: dict[str, Any]) -> Iterator[str]:
    about = paths[route.method.lower()]
    yield f"## {_title(route)}"
    yield route.summary
    facts = [f"right: {_right(route)}"]
    if route.deed is not None:
        told = isinstance(route.deed, Deed)
        facts.append(f"deed: {code(route.deed.value)}" if told else _TOLD)
    kind = "public" if route.right is None else "change" if route.method != "GET" else "read"
    facts.append(f"rate: {RATES[kind].limit} in {RATES[kind].seconds} s" if route.limited else "rate: none")
    if route.body is not None:
        facts.append(f"body: {type_of({'$ref': route.body.__name__})}")
    good = min(status for status in about["responses"] if status < "300")
    text = route.media.startswith("text/")
    shown = "text" if text else type_of({"$ref": route.gives.__name__})
    facts.append(f"answer: {good}, {shown}, {code(route.media)}")
    others = (_status(status, said["description"]) for status, said in about["responses"].items())
    facts.append(f"otherwise: {', '.join(sorted(said for said in others if not said.startswith(good)))}")
    yield "\n".join(f"- {fact}" for fact in facts)
    yield table(("parameter", "in", "type", "meaning"), map(_parameter, about["parameters"]))


def _status(status: str, said: str) -> str:
    """With its meaning only where that is not the usual one."""
    return status if said == MEANINGS.get(int(status)) else f"{status} ({said})"


def _parameter(one: dict[str, Any]) -> tuple[str, str, str, str]:
    schema = one["schema"]
    said = one.get("description") or schema.get("description", "")
    limits = short(schema)
    return (
        code(one["name"]),
        one["in"],
        type_of(schema),
        cell("; ".join(part for part in (said, limits) if part)),
    )


@cache
def _site() -> Any:
    """The pages by themselves, for an app that connects to nothing."""
    installed = guard.install(Celery("docs", broker="memory://"), guard.Settings())
    try:
        return make_site(installed)
    finally:
        installed.close()


def _flask_pages() -> Iterator[Sequence[str]]:
    site = _site()
    for rule in site.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.rpartition(".")
        if blueprint == "guard_api":
            continue
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        yield code(rule.rule), methods, name.replace("_", " ")


def _flower_pages() -> Iterator[Sequence[str]]:
    join()
    for rule in flower.urls.handlers:
        handler = getattr(rule, "handler_class", None)
        if handler is None or not handler.__module__.startswith("guard."):
            continue
        path = rule.regex.pattern.removesuffix("$")
        methods = "POST" if "post" in vars(handler) else "GET"
        yield code(path), methods, cell((handler.__doc__ or "").split("\n")[0])
