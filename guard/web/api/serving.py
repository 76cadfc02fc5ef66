"""How a request becomes an answer. Every route goes this way, in this order:

1. who asks (401); on a public route a credential that does not count makes a caller nobody, so that whoever
   looks at the status needs no store;
2. how often (429);
3. for changes: JSON (415), and asked for by our own page where a browser sends credentials by itself (403);
4. the least right that this route needs (403);
5. what is said: parameters, headers, body (400);
6. the deed: right, second factor, second person, judged by `guard.access.admit` and journaled (401, 403);
   before that, so that no approval is used up in vain, the epoch that it is about (412);
7. the answer. What was decided on an epoch that has passed meanwhile is judged anew.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from guard.core.access import DEEDS, Deed
from guard.errors import AccessDenied, GuardError, NotKnown, StaleEpoch, StoreError, TooManyRequests
from guard.web.api.asked import Asked
from guard.web.api.problems import WrongRequest, as_problem
from guard.web.door import APPROVAL_HEADER, ForgedRequest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from guard.core.access import Actor
    from guard.core.rates import Allowance
    from guard.web.api.asked import Reply, Route, Site

__all__ = ["LONGEST_BODY", "broker_errors", "problem_response", "serve"]

log = logging.getLogger(__name__)

LONGEST_BODY = 64 * 1024
_TRIES = 5
_EPOCH = re.compile(r'"?(\d{1,18})(-[0-9a-f]+)?"?')
_KEY = re.compile(r"[!-~]{1,200}")
_ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def serve(site: Site, route: Route, values: Mapping[str, str]) -> Response:
    """The response to the request that Flask has at hand."""
    allowance: Allowance | None = None
    try:
        actor = _who(site, route)
        allowance = _counted(site, route, actor)
        asked = _read(site, route, actor, values)
        reply = _answer(asked)
    except HTTPException as error:
        response = problem_response(_of_http(error))
    except GuardError as error:
        response = problem_response(error)
    except Exception as error:  # what is inside is for the log
        if isinstance(error, broker_errors()):
            response = problem_response(StoreError(f"the broker: {type(error).__name__}"))
        else:
            log.exception("a request failed: %s", route.name)
            response = problem_response(GuardError())
    else:
        response = _response(route, reply)
    if allowance is not None and "X-RateLimit-Limit" not in response.headers:
        response.headers["X-RateLimit-Limit"] = str(allowance.limit)
        response.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["X-RateLimit-Reset"] = str(allowance.reset_after)
    return response


def problem_response(error: GuardError) -> Response:
    """An error as a response."""
    if isinstance(error, StoreError):
        log.warning("a request could not be answered: %s", error)
    view = as_problem(error, conditional="If-Match" in request.headers)
    text = json.dumps(view.to_dict(request.path))
    headers = {**_ALWAYS, **view.headers}
    return Response(text, view.status, headers, mimetype="application/problem+json")


def broker_errors() -> tuple[type[BaseException], ...]:
    """What the broker's libraries raise when it is away."""
    # imported when something failed: an app loads one of these at most
    from amqp.exceptions import AMQPError
    from kombu.exceptions import KombuError
    from redis.exceptions import RedisError

    return (KombuError, AMQPError, RedisError, ConnectionError, TimeoutError)


def _who(site: Site, route: Route) -> Actor | None:
    changes = route.method != "GET"
    if route.right is None:
        try:
            return site.door.actor(request, touch=False) if _shows_something(site) else None
        except (AccessDenied, StoreError, TooManyRequests):
            return None
        except Exception:  # the application's own word, from a database that may be what is maintained
            log.warning("who looks at a public route is not known", exc_info=True)
            return None
    actor = site.door.actor(request, touch=changes)
    if changes:
        try:
            site.door.require_own_request(request, actor)
        except ForgedRequest:
            site.guard.access.note_refused("csrf", actor=actor, detail={"route": route.name})
            raise
    return actor


def _shows_something(site: Site) -> bool:
    sent = request.environ  # most who ask show nothing: no cookies are parsed to find that out
    if "HTTP_AUTHORIZATION" in sent or site.door.asks_app:
        return True
    return "HTTP_COOKIE" in sent and site.door.cookie(request) is not None


def _counted(site: Site, route: Route, actor: Actor | None) -> Allowance | None:
    if not route.limited:
        return None
    kind = "public" if actor is None else "change" if route.method != "GET" else "read"
    key = (actor.credential or actor.name) if actor is not None else site.door.address(request)
    return site.guard.access.limit(kind, key)


def _read(site: Site, route: Route, actor: Actor | None, values: Mapping[str, str]) -> Asked:
    asked = Asked(site=site, route=route, request=request, actor=actor, values=values)
    if route.method != "GET" and request.mimetype != "application/json":
        raise WrongRequest(415, "unsupported_media_type", "send JSON, with the type application/json")
    enough = [right for right in (route.right, route.or_right) if right is not None]
    if enough and (actor is None or not any(actor.may(right) for right in enough)):
        _refuse(asked)
    if route.query is not None:
        asked.query = _query(route.query)
    if route.body is not None:
        asked.body = _body(route.body)
    key = request.headers.get("Idempotency-Key", "")
    if key and not _KEY.fullmatch(key):
        raise WrongRequest(400, "invalid_request", "Idempotency-Key: 1 to 200 printable characters")
    asked.idempotency = key
    return asked


def _refuse(asked: Asked) -> None:
    """Somebody without the least right: `admit` says so, and journals it."""
    if asked.actor is None:
        raise NotKnown("say who you are: send a bearer token, or sign in")
    static = asked.route.deed
    if isinstance(static, Deed):
        asked.guard.access.admit(asked.actor, static, {"route": asked.route.name})
    needed = next(deed for deed, demand in DEEDS.items() if demand.right is asked.route.right)
    asked.guard.access.admit(asked.actor, needed, {"route": asked.route.name})


def _answer(asked: Asked) -> Reply:
    route = asked.route
    if not route.state_bound:
        _admit(asked)
        return route.answer(asked)
    deed, wanted = _deed(asked), _wanted_epoch()
    if deed is not None and asked.actor is not None and not asked.actor.may(DEEDS[deed].right):
        _admit(asked)  # whoever may not, learns nothing of the epoch
    if wanted is not None and wanted != asked.state.epoch:
        raise StaleEpoch(expected=wanted, found=asked.state.epoch)
    deed, window = _admit(asked), asked.state.window_id
    for _ in range(_TRIES - 1):
        try:
            return route.answer(asked)
        except StaleEpoch:
            if wanted is not None:
                raise
            asked.forget_state()
            if _deed(asked) is not deed:  # it has become another deed, which nobody has admitted
                raise
            if deed is not Deed.START_EMERGENCY and asked.state.window_id != window:
                raise  # and so has what it is about
    return route.answer(asked)


def _deed(asked: Asked) -> Deed | None:
    deed = asked.route.deed
    return deed(asked) if callable(deed) else deed


def _admit(asked: Asked) -> Deed | None:
    deed = _deed(asked)
    if deed is None or asked.route.judged_below or asked.actor is None:
        return deed
    values: dict[str, Any] = {"route": asked.route.name, **asked.values}
    if asked.body is not None:
        values["body"] = asked.body.given()
    if deed is Deed.END_EMERGENCY:
        values["window_id"] = asked.state.window_id  # what was approved for one is not for the next
    approval = request.headers.get(APPROVAL_HEADER)
    asked.guard.access.admit(asked.actor, deed, values, approval_id=approval)
    return deed


def _wanted_epoch() -> int | None:
    text = request.headers.get("If-Match", "").strip()
    if text in {"", "*"}:
        return None
    match = _EPOCH.fullmatch(text)
    if match is None:
        raise WrongRequest(
            400, "invalid_request", 'If-Match: the epoch, as the status has it in its ETag: "12"'
        )
    return int(match[1])


def _query(shape: type[BaseModel]) -> BaseModel:
    doubled = [name for name, found in request.args.lists() if len(found) > 1]
    if doubled:
        raise WrongRequest(
            400, "invalid_request", *(f"{name[:40]}: given more than once" for name in doubled)
        )
    try:
        return shape.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _wrong(error) from None


def _body(shape: type[BaseModel]) -> BaseModel:
    request.max_content_length = LONGEST_BODY
    try:
        return shape.model_validate_json(request.get_data(cache=False) or b"{}")
    except ValidationError as error:
        raise _wrong(error) from None


def _wrong(error: ValidationError) -> WrongRequest:
    """Every problem, without what was sent: that may hold a secret."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}"[:200] for one in found[:20]]
    return WrongRequest(400, "invalid_request", *problems)


def _of_http(error: HTTPException) -> WrongRequest:
    if isinstance(error, RequestEntityTooLarge):
        return WrongRequest(413, "too_large", f"a body has {LONGEST_BODY} bytes at most")
    return WrongRequest(error.code or 500, "invalid_request", error.name)


def _response(route: Route, reply: Reply) -> Response:
    headers = {**_ALWAYS, **reply.headers}
    body = json.dumps(reply.body) if isinstance(reply.body, Mapping) else reply.body
    return Response(body, reply.status, list(headers.items()), mimetype=route.media)
