"""Who asks, and from where; requests that another site has made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from guard.core.access import Actor, Right
from guard.errors import InvalidRequest, NotKnown
from guard.web.api import make_api
from guard.web.door import Door

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web_api.site import Site

CHANGE = "/api/maintenance/enable"
BODY = {"reason": "x"}


def request_of(**environ: Any) -> Request:
    return Request(EnvironBuilder(**environ).get_environ())


@pytest.mark.parametrize(
    ("nearest", "told", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:10.0.0.1", "1.2.3.4:5555", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("unix", "1.2.3.4", ""),
    ],
)
def test_only_trusted_proxies_say_for_whom_they_ask(
    site: Site, nearest: str, told: str, address: str
) -> None:
    door = Door(site.guard, trusted_proxies=("10.0.0.0/8",))
    request = request_of(environ_base={"REMOTE_ADDR": nearest}, headers={"X-Forwarded-For": told})
    assert door.address(request) == address


def test_a_wrong_proxy_is_told_at_once(site: Site) -> None:
    with pytest.raises(InvalidRequest, match=r"no address"):
        Door(site.guard, trusted_proxies=("10.0.0.0/8", "everybody"))


def test_a_wrong_token_is_not_made_up_for_by_a_cookie(site: Site) -> None:
    page = site.page("read")
    client = site.flask.test_client(use_cookies=False)
    assert client.get("/api/maintenance/workers", headers=page).status_code == 200
    for wrong in ("Bearer gmt_x", "Basic dXNlcjpwYXNz", "Bearer ", "bearer"):
        answer = client.get("/api/maintenance/workers", headers={**page, "Authorization": wrong})
        assert answer.status_code == 401, wrong
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token_on_a_public_route_is_nobody(site: Site) -> None:
    client = site.flask.test_client()
    answer = client.get("/api/maintenance/status", headers={"Authorization": "Bearer gmt_wrong"})
    assert answer.status_code == 200
    assert "workers" not in answer.get_json()


def test_a_change_by_cookie_needs_the_pages_token(site: Site) -> None:
    """S3: a browser sends the cookie by itself, whoever wrote the form."""
    client = site.flask.test_client(use_cookies=False)
    page = site.page("operate")
    cookie = {"Cookie": page["Cookie"]}
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    forged: list[dict[str, str]] = [
        {},
        {"X-CSRF-Token": "x"},
        {"X-CSRF-Token": site.page("operate")["X-CSRF-Token"]},
        {**page, "Origin": "https://evil.example"},
        {**page, "Origin": "null"},
        {**page, "Origin": "http://localhost.evil.example"},
        {**page, "Sec-Fetch-Site": "cross-site"},
        {**page, "Sec-Fetch-Site": "same-site"},
    ]
    for headers in forged:
        answer = client.post(CHANGE, json=BODY, headers={**cookie, **headers})
        assert (answer.status_code, answer.get_json()["error"]) == (403, "csrf_failed"), headers
    assert site.guard.durable.read().epoch == 0
    assert client.post(CHANGE, json=BODY, headers={**page, **own}).status_code == 200
    kinds = {line.record.action for line in site.guard.records.journal(100)}
    assert "csrf" in kinds, "refused tries are journaled"


def test_forms_and_images_change_nothing(site: Site) -> None:
    """S2, S3: what needs no preflight is no change."""
    client = site.flask.test_client(use_cookies=False)
    page = site.page("operate")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = client.post(CHANGE, data='{"reason": "x"}', headers={**page, "Content-Type": kind})
        assert answer.status_code == 415, kind
    assert client.get(CHANGE + "?reason=x", headers=page).status_code == 405
    assert site.guard.durable.read().epoch == 0


def test_a_bearer_token_needs_neither(site: Site) -> None:
    client = site.flask.test_client(use_cookies=False)
    headers = {**site.bearer("operate"), "Origin": "https://dashboard.example"}
    assert client.post(CHANGE, json=BODY, headers=headers).status_code == 200


def as_header_says(request: Request) -> Actor | None:
    name = request.headers.get("X-App-User")
    return Actor(name=name, rights=frozenset({Right.OPERATE})) if name else None


def test_the_application_may_say_who_it_is(site: Site) -> None:
    app = Flask("own")
    api = make_api(site.guard, Door(site.guard, as_header_says), standing=site.standing)
    app.register_blueprint(api, url_prefix="/api")
    client = app.test_client(use_cookies=False)
    assert client.get("/api/maintenance/workers").status_code == 401
    me = {"X-App-User": "alice"}
    assert client.get("/api/maintenance/workers", headers=me).status_code == 200
    assert "workers" in client.get("/api/maintenance/status", headers=me).get_json()
    evil = client.post(CHANGE, json=BODY, headers={**me, "Origin": "https://evil.example"})
    assert evil.status_code == 403
    assert client.post(CHANGE, json=BODY, headers=me).status_code == 200
    code = {**me, "X-Guard-Code": "000000"}
    assert client.get("/api/maintenance/workers", headers=code).status_code == 401
    admitted = [one.record for one in site.guard.records.journal(50) if one.record.action == "admit"]
    assert (admitted[0].actor, admitted[0].detail["via"]) == ("alice", "application")


def test_what_the_application_gives_counts_as_its_own_word(site: Site) -> None:
    def sly(_: Request) -> Actor:
        return Actor(name="eve", rights=frozenset({Right.READ}), via="token", address="6.6.6.6")

    seen = Door(site.guard, sly).actor(request_of(environ_base={"REMOTE_ADDR": "192.0.2.1"}))
    assert (seen.via, seen.address) == ("application", "192.0.2.1")
    with pytest.raises(NotKnown):
        Door(site.guard).actor(request_of())


def test_the_name_of_the_cookie_is_bound_to_tls(site: Site) -> None:
    door = Door(site.guard)
    assert door.cookie_name(request_of(base_url="https://a.example")) == "__Host-guard"
    plain = request_of(base_url="http://localhost", headers={"Cookie": "__Host-guard=x"})
    assert door.cookie(plain) is None


def test_an_application_with_basic_authentication_says_who_asks(site: Site) -> None:
    def authenticate(request: Request) -> Actor | None:
        told = request.authorization
        known = told is not None and (told.username, told.password) == ("ada", "right")
        return Actor(name="ada", rights=frozenset({Right.READ})) if known else None

    client = client_of(site, authenticate)
    for password, status in (("right", 200), ("wrong", 401)):
        answer = client.get("/api/maintenance/workers", auth=("ada", password))
        assert answer.status_code == status, password
    wrong = client.get("/api/maintenance/workers", headers={"Authorization": "Bearer gmt_x"})
    assert wrong.status_code == 401


def test_what_everybody_may_see_needs_no_word_of_the_application(site: Site) -> None:
    """Its database may be what is being maintained."""

    def authenticate(request: Request) -> Actor | None:
        raise OSError("the database of the application is away")

    answer = client_of(site, authenticate).get("/api/maintenance/status")
    assert (answer.status_code, "workers" in answer.get_json()) == (200, False)


def client_of(site: Site, authenticate: Callable[[Request], Actor | None]) -> FlaskClient:
    app = Flask("an application that knows its people")
    api = make_api(site.guard, Door(site.guard, authenticate), standing=site.standing)
    app.register_blueprint(api, url_prefix="/api")
    return app.test_client(use_cookies=False)
