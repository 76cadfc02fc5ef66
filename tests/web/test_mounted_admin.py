"""The admin page inside an application that has everything of its own: sessions, sign-in, forms' tokens,
templates and global functions by the same names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, g, redirect, render_template_string, request, session
from flask_wtf.csrf import CSRFProtect
from jinja2 import DictLoader

from guard.web import MaintenanceExtension
from tests.support.gallery import make_celery
from tests.web.conftest import environ_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from guard import Guard
    from tests.support.valkey import Valkey

HOME = "/admin/maintenance/"


@pytest.fixture(scope="module")
def installed(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    _, made = make_celery(environ_of(valkey, tmp_path_factory.mktemp("mounted")))
    yield made
    made.close()


@pytest.fixture(params=["before", "after"])
def app(request: pytest.FixtureRequest, installed: Guard) -> Flask:
    """An application whose form protection was put on before the guard, or after it."""
    app = Flask("host")
    app.secret_key = "the host's own"
    app.config["seen"] = []
    if request.param == "before":
        CSRFProtect(app)
    MaintenanceExtension(app, installed, api=False, user=lambda _request: None)
    if request.param == "after":
        CSRFProtect(app)
    _own_things(app)
    return app


def _own_things(app: Flask) -> None:
    """What an application may have by names that ours have too."""
    app.jinja_loader = DictLoader(
        dict.fromkeys(("base.html", "now.html", "bare.html", "forms.html", "sign_in.html"), "of the host")
    )
    app.jinja_env.autoescape = False
    app.jinja_env.globals.update(url="of the host", sign="of the host", asset=None, now=0)

    @app.context_processor
    def values() -> dict[str, Any]:
        return {"visitor": "of the host", "status": None, "look": None, "typed": None}

    @app.before_request
    def load() -> None:
        app.config["seen"].append(request.path)
        g.visitor = g.user = "of the host"
        session["visits"] = session.get("visits", 0) + 1

    @app.errorhandler(Exception)
    def failed(_error: Exception) -> tuple[str, int]:
        return "an error of the host", 500

    @app.route("/now", endpoint="now")
    def now() -> str:
        return render_template_string("{% include 'now.html' %}")

    @app.route("/sign-in", endpoint="sign_in", methods=["GET", "POST"])
    def sign_in() -> Any:
        return redirect("/now")

    @app.route("/admin/<path:rest>")
    def admin(rest: str) -> str:
        return f"admin {rest} of the host"


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html[:400]
    return found[1]


def signed_in(app: Flask, installed: Guard) -> FlaskClient:
    token = installed.access.make_token("alice", rights=("operate",), seconds=600, by="tests").text
    client = app.test_client()
    page = client.get(f"{HOME}sign-in")
    assert page.status_code == 200
    form = {"token": token, "csrf": field(page.text, "csrf"), "next": ""}
    answer = client.post(f"{HOME}sign-in", data=form)
    assert answer.status_code == 303, answer.text
    return client


def test_a_window_from_inside_an_application(app: Flask, installed: Guard) -> None:
    client = signed_in(app, installed)
    page = client.get(HOME)
    assert page.status_code == 200
    assert "Signed in as" in page.text
    assert "of the host" not in page.text
    assert 'data-events=""' in page.text, "there is no API here"
    form = client.get(f"{HOME}start").text
    asked = {"csrf": field(form, "csrf"), "window_id": field(form, "window_id"), "mode": "normal"}
    asked |= {"reason": "Inside <b>a</b> host", "duration": "10m", "at_deadline": "wait", "sessions": "keep"}
    shown = client.post(f"{HOME}start", data={**asked, "step": "preview"})
    assert shown.status_code == 200, shown.text
    assert "Inside &lt;b&gt;a&lt;/b&gt; host" in shown.text, "the host's escaping is not ours"
    begun = client.post(f"{HOME}start", data={**asked, "step": "confirm"})
    assert begun.status_code == 303, begun.text
    assert installed.status().is_active
    assert client.get("/sign-in", headers={"Accept": "text/html"}).status_code == 302
    end = client.get(f"{HOME}end").text
    told = {name: field(end, name) for name in ("csrf", "window_id", "mode_shown", "epoch")}
    assert client.post(f"{HOME}end", data={**told, "csrf": "forged"}).status_code == 403
    assert installed.status().is_active
    assert client.post(f"{HOME}end", data=told).status_code == 303


def test_what_is_the_applications_stays_so(app: Flask, installed: Guard) -> None:
    client = signed_in(app, installed)
    client.get(HOME)
    assert f"{HOME}sign-in" in app.config["seen"], "the application's own functions ran first"
    with client.session_transaction() as kept:
        assert set(kept) <= {"visits", "csrf_token"}, "nothing of ours is in the application's session"
    assert client.get("/now").text == "of the host"
    assert client.get("/admin/users").text == "admin users of the host"
    assert client.post("/sign-in").status_code in {400, 500}, "its own forms still need its own token"
    assert client.get(f"{HOME}sign-in").text != client.get("/sign-in").text


def test_below_a_prefix_every_address_has_it(app: Flask, installed: Guard) -> None:
    page = app.test_client().get(f"{HOME}sign-in", environ_overrides={"SCRIPT_NAME": "/shop"})
    assert 'action="/shop/admin/maintenance/sign-in"' in page.text
    assert 'href="/shop/admin/maintenance/static/admin.css' in page.text
    assert not re.findall(r'(?:href|src|action)="/(?!shop/)', page.text)
