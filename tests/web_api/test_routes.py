"""Every route, by method, mode and caller: who gets what. A route without a row fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from guard.core import rates
from guard.core.rates import Rate
from guard.web.api.routes import ROUTES
from guard.web.api.shapes.base import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.web.api.asked import Route
    from tests.web_api.site import Site

BELL = "a reason with \u0007"
"""Passes the document and is refused by the guard: whoever comes so far was admitted."""
PUBLIC, READ, OPERATE, EMERGENCY, ADMIN = "public", "read", "operate", "emergency", "admin"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MODES = ("none", "normal", "emergency", "test")


@dataclass(frozen=True)
class Row:
    """What a route answers.

    Attributes:
        right: the least that is needed; by mode where that differs.
        admitted: what an admitted caller gets with this body.
        step_up: the modes in which a second factor is needed.
    """

    right: str
    admitted: tuple[int, ...] = (200,)
    body: dict[str, Any] | None = None
    step_up: tuple[str, ...] = ()
    right_in: dict[str, str] = field(default_factory=dict)


ROWS = {
    "status": Row(PUBLIC),
    "blocked_operations": Row(PUBLIC),
    "message": Row(PUBLIC),
    "health": Row(PUBLIC),
    "openapi": Row(PUBLIC),
    "events": Row(PUBLIC),
    "metrics": Row(READ),
    "enable": Row(OPERATE, (409, 422), {"reason": BELL}),
    "emergency": Row(EMERGENCY, (409, 422), {"reason": BELL}, step_up=MODES),
    "change": Row(
        OPERATE,
        (409, 422),
        {"reason": BELL, "drain_within": 5},
        step_up=("emergency",),
        right_in={"emergency": EMERGENCY},
    ),
    "extend": Row(OPERATE, (422,), {}),
    "verify": Row(OPERATE, (409,), {}, step_up=("emergency",), right_in={"emergency": EMERGENCY}),
    "disable": Row(OPERATE, (409, 412), {}, step_up=("emergency",), right_in={"emergency": EMERGENCY}),
    "workers": Row(READ),
    "drain": Row(READ),
    "vouch": Row(OPERATE, (422,), {"worker": "nobody@nowhere"}),
    "job": Row(READ),
    "parked": Row(READ),
    "release_job": Row(OPERATE, (404,), {}),
    "discard_job": Row(ADMIN, (404,), {}, step_up=MODES),
    "ledger": Row(READ, (422,)),
    "planned": Row(READ),
    "planned_window": Row(READ, (404,)),
    "plan_add": Row(OPERATE, (422,), {"name": "n", "reason": BELL, "at": "never"}),
    "plan_change": Row(OPERATE, (404,), {"reason": "another"}),
    "plan_cancel": Row(OPERATE, (404,), {}),
    "sessions": Row(READ),
    "sessions_invalidate": Row(ADMIN, (200,), {"dry_run": True}),
    "sessions_allow": Row(ADMIN, (409, 422), {}),
    "windows": Row(READ),
    "window": Row(READ, (404,)),
    "report": Row(READ, (404,)),
    "audit": Row(READ),
    "alerts": Row(READ),
    "acknowledge_alert": Row(OPERATE, (404,), {}),
    "resolve_alert": Row(OPERATE, (404,), {}),
    "reports": Row(READ),
    "kept_report": Row(READ, (404,)),
    "report_page": Row(READ, (404,)),
    "report_text": Row(READ, (404,)),
    "routines": Row(READ),
    "routine": Row(READ, (404,)),
    "tokens": Row(ADMIN),
    "token_make": Row(ADMIN, (422,), {"owner": BELL, "rights": ["read"], "seconds": 60}, step_up=MODES),
    "token_revoke": Row(ADMIN, (422,), {}, step_up=MODES),
    "approvals": Row(EMERGENCY),
    "approval_approve": Row(EMERGENCY, (422,), {}, step_up=MODES),
    "approval_refuse": Row(EMERGENCY, (422,), {}, step_up=MODES),
    "bypasses": Row(ADMIN),
    "bypass_make": Row(ADMIN, (422,), {"operations": ["no such"], "holder": "h", "seconds": 60}),
    "bypass_revoke": Row(ADMIN, (422,), {}),
}
INCLUDES = {
    READ: {READ},
    OPERATE: {READ, OPERATE},
    EMERGENCY: {READ, EMERGENCY},
    ADMIN: {READ, OPERATE, EMERGENCY, ADMIN},
}


@pytest.fixture
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("public", "read", "change"):
        monkeypatch.setitem(rates.RATES, kind, Rate(limit=1_000_000, seconds=60))


def address_of(route: Route) -> str:
    path = "/api" + route.path
    names = ("task_id", "ref", "window_id", "name", "token_id", "approval_id", "bypass_id", "alert_id")
    for name in (*names, "report_id"):
        path = path.replace(f"<{name}>", "0123")
    return path


def guarding(route: Route, mode: str) -> dict[str, str]:
    """A rehearsal ends without verifying: only the wrong epoch keeps `disable` from it."""
    return {"If-Match": '"999999"'} if (route.name, mode) == ("disable", "test") else {}


def expected(row: Row, mode: str, rights: str | None, *, stepped: bool) -> tuple[int, ...]:
    if row.right == PUBLIC:
        return row.admitted
    if rights is None:
        return (401,)
    if row.right_in.get(mode, row.right) not in INCLUDES[rights]:
        return (403,)
    return (401,) if mode in row.step_up and not stepped else row.admitted


def callers(site: Site) -> Iterator[tuple[str | None, bool, dict[str, str]]]:
    yield None, False, {}
    for right in (READ, OPERATE, EMERGENCY, ADMIN):
        yield right, False, site.bearer(right)
    for right in (OPERATE, EMERGENCY, ADMIN):
        yield right, True, site.page(right, stepped_up=True)


@pytest.mark.parametrize("mode", MODES)
def test_who_gets_what(site: Site, mode: str, no_limits: None) -> None:
    if mode != "none":
        # Ending it without verifying is refused, so that even `disable` changes nothing.
        site.enable(mode=mode, verify=True, sessions="keep")
    before = site.guard.durable.read()
    client = site.flask.test_client(use_cookies=False)
    wrong = []
    for rights, stepped, headers in callers(site):
        for route in ROUTES:
            row = ROWS[route.name]
            answer = client.open(
                address_of(route),
                method=route.method,
                headers={**headers, **guarding(route, mode)},
                json=row.body if route.method == "POST" else None,
                buffered=False,
            )
            allowed = expected(row, mode, rights, stepped=stepped)
            if answer.status_code not in allowed:
                wrong.append((route.name, rights, stepped, answer.status_code, allowed))
            if answer.status_code >= 400:
                assert answer.mimetype == "application/problem+json", route.name
                Problem.model_validate(answer.get_json())
            elif answer.mimetype.endswith("json"):
                route.gives.model_validate(answer.get_json())
            answer.close()
    assert not wrong
    after = site.guard.durable.read()
    assert (after.epoch, after.phase, after.mode) == (before.epoch, before.phase, before.mode)


def test_other_methods_are_refused_and_change_nothing(site: Site, no_limits: None) -> None:
    client = site.flask.test_client()
    admin = site.bearer(ADMIN)
    offered: dict[str, set[str]] = {}
    for route in ROUTES:
        offered.setdefault(address_of(route), set()).add(route.method)
    for path, methods in offered.items():
        for method in METHODS:
            if method in methods:
                continue
            answer = client.open(path, method=method, headers=admin, json={"reason": "x"})
            # A plan of the name `cancel`, or a job `release`, would be another route of the table.
            assert answer.status_code == 405, (method, path, answer.status_code)
            told = set(answer.headers["Allow"].split(", ")) - {"HEAD"}
            assert told == methods, (method, path)
    assert site.guard.durable.read().epoch == 0


def test_every_rule_of_the_application_has_a_row(site: Site) -> None:
    rules = {
        rule.endpoint.rpartition(".")[2]
        for rule in site.flask.url_map.iter_rules()
        if rule.endpoint.startswith("guard_api.")
    }
    assert rules - {"rest"} == set(ROWS) == {route.name for route in ROUTES}


def test_what_is_no_route_is_said_as_a_problem(site: Site) -> None:
    client = site.flask.test_client()
    for path in ("/api/maintenance/nothing", "/api/maintenance/windows/a/b/c", "/api/maintenance"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), path
    assert client.get("/elsewhere").mimetype == "text/html"


def test_every_change_is_judged_by_a_deed() -> None:
    for route in ROUTES:
        assert (route.method == "POST") == (route.deed is not None), route.name
        assert route.method == "GET" or (route.right is not None and route.body is not None), route.name
        assert not route.judged_below or route.name in {"approval_approve", "approval_refuse"}
