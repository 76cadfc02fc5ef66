"""Every route of the HTTP API: any path, query, headers, cookies and body, by callers of every kind.

The stream of events does not end, and is left out.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import quote

from hypothesis import strategies as st

from guard.core import rates
from guard.core.rates import Rate
from guard.errors import GuardError
from guard.web.api.routes import ROUTES
from tests.fuzz.strange import any_json, as_text, damaged_bytes, odd_texts, odd_values
from tests.fuzz.target import Target
from tests.web_api.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_ROUTES = {route.name: route for route in ROUTES if "/events" not in route.path}
_CALLERS = ("nobody", "read", "operate", "operate", "admin", "admin", "page", "page", "page", "page", "wrong")
_GOOD: dict[str, Any] = {
    "reason": "upgrade",
    "mode": "normal",
    "duration": 600,
    "by": "x",
    "name": "weekly",
    "at": "2030-01-01 02:00",
    "zone": "UTC",
    "rights": ["read"],
    "owner": "x",
    "seconds": 60,
    "operations": ["caption_generation"],
}
_SENT = ("If-Match", "Idempotency-Key", "X-Guard-Code", "X-Guard-Approval", "X-CSRF-Token", "Accept", "If-None-Match",
         "X-Forwarded-For", "Authorization", "Cookie", "Content-Length", "Last-Event-ID", "Origin", "Range")  # fmt: skip
_header_texts = (
    odd_texts
    | st.sampled_from(['"1"', "*", 'W/"1"', "Bearer x", "Basic eDp5", "guard=" + "A" * 43, "-1", "0"])
).map(
    lambda text: "".join(
        one for one in text[:300].encode("utf-8", "surrogatepass").decode("latin-1") if one not in "\r\n\0"
    )
)


def _fields(model: Any) -> list[str]:
    return sorted(model.model_fields) if model is not None else []


@st.composite
def _requests(draw: st.DrawFn) -> dict[str, Any]:
    route = _ROUTES[draw(st.sampled_from(sorted(_ROUTES)))]
    names = _fields(route.body)
    body: dict[str, Any] = {name: _GOOD[name] for name in names if name in _GOOD}
    for name in draw(st.lists(st.sampled_from([*names, "x"]), max_size=3)):
        body[name] = draw(odd_values)
    how = draw(st.sampled_from(["fields", "fields", "fields", "text", "bytes", "json"]))
    if how == "bytes":
        raw = draw(damaged_bytes(json.dumps(body).encode()))
    elif how == "text":
        raw = draw(odd_texts).encode("utf-8", "surrogatepass")
    else:
        raw = draw(as_text(draw(any_json) if how == "json" else body)).encode("utf-8", "surrogatepass")
    asked = _fields(route.query)
    return {
        "route": route.name,
        "method": draw(
            st.sampled_from([route.method] * 20 + ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
        ),
        "parts": draw(st.lists(odd_texts | st.sampled_from(["1", "x", "0" * 16]), min_size=3, max_size=3)),
        "query": draw(
            st.dictionaries(
                st.sampled_from([*asked, "x"]),
                odd_texts | st.sampled_from(["1", "true", "2026-01-01"]),
                max_size=3,
            )
        ),
        "headers": draw(st.dictionaries(st.sampled_from(_SENT), _header_texts, max_size=2)),
        "type": draw(
            st.sampled_from(
                ["application/json"] * 6 + ["text/plain", "application/x-www-form-urlencoded", "x"]
            )
        ),
        "body": raw,
        "caller": draw(st.sampled_from(_CALLERS)),
    }


@contextmanager
def _ready(place: Place) -> Iterator[Check]:
    folder = place.folder / "site"
    folder.mkdir()
    server = place.valkey
    plenty = dict.fromkeys(rates.RATES, Rate(limit=10_000_000, seconds=60))
    with (
        patch.dict(rates.RATES, plenty),
        Site(
            redis=server.url(server.fresh_db()), broker=server.broker_url(server.fresh_db()), folder=folder
        ) as site,
    ):
        site.enable(
            mode="test"
        )  # the registry is older than a lease from now on: no later window waits for it
        site.guard.disable(by="tests", unverified=True)
        callers = {
            "nobody": {},
            "read": site.bearer("read"),
            "operate": site.bearer("operate"),
            "admin": site.bearer("admin"),
            "page": site.page("admin", stepped_up=True),
            "wrong": {"Authorization": "Bearer gmt_0123456789abcdef_" + "A" * 43},
        }
        client = site.flask.test_client(use_cookies=False)
        yield lambda case: _ask(site, client, callers, case)


def _path(template: str, parts: list[str]) -> str:
    made, left = [], list(parts)
    for piece in template.split("/"):
        if not piece.startswith("<"):
            made.append(piece)
            continue
        text = left.pop(0) if left else "x"
        made.append(quote((text or "x")[:200].encode("utf-8", "surrogatepass"), safe=""))
    return "/api" + "/".join(made)


def _ask(site: Site, client: Any, callers: dict[str, dict[str, str]], case: dict[str, Any]) -> str:
    route = _ROUTES[case["route"]]
    before = site.guard.durable.read()
    headers = {**case["headers"], **callers[case["caller"]]}
    answer = client.open(
        _path(route.path, case["parts"]),
        method=case["method"],
        query_string={name: value.encode("utf-8", "surrogatepass") for name, value in case["query"].items()},
        headers=headers,
        data=case["body"] if case["method"] not in {"GET", "HEAD"} else None,
        content_type=case["type"],
    )
    text = answer.get_data(as_text=True)
    after = site.guard.durable.read()
    assert answer.status_code != 500, f"500 at {case['method']} {route.name}"
    assert "Traceback" not in text, "what is inside is told"
    if answer.status_code >= 400:
        assert after.epoch == before.epoch, "refused, and the state was changed"
        if case["method"] != "HEAD":
            said = json.loads(text)
            assert answer.mimetype == "application/problem+json", "a problem in another form"
            assert said["status"] == answer.status_code
            assert said["error"]
            assert said["message"], "nobody is told what to do"
            return f"{answer.status_code} {said['error']}"
    if after.is_active or after.epoch != before.epoch:
        with suppress(GuardError):
            site.guard.disable(by="tests", unverified=True)
    return f"{answer.status_code} {case['method'] if case['method'] == route.method else 'another method'}"


def _seed(name: str, caller: str, body: Any) -> dict[str, Any]:
    return {"route": name, "method": _ROUTES[name].method, "parts": ["x", "x", "x"], "query": {}, "headers": {}, "type": "application/json",
            "body": json.dumps(body).encode(), "caller": caller}  # fmt: skip


TARGET = Target(
    name="http_api",
    promise="never a 500, always a problem that says what to do, no change by what was refused, nothing of the inside",
    cases=_requests(),
    ready=_ready,
    seeds=[_seed(name, caller, {}) for name in sorted(_ROUTES) for caller in ("nobody", "page")],
    few=150,
)
