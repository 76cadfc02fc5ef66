"""Sessions that a window ends, and signing in while it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import session

from guard.web import User
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.web.conftest import Gallery


def is_signed_in(client: FlaskClient) -> bool:
    with client.session_transaction() as kept:
        return "name" in kept


def test_a_window_ends_the_sessions_of_others_and_keeps_the_admins(make_gallery: Any) -> None:
    gallery: Gallery = make_gallery()
    bob, ada, mallory = gallery.client("bob"), gallery.client("ada"), gallery.client("bob")
    assert bob.get("/").text == "pictures of bob"
    gallery.close(sessions="invalidate")

    answer = bob.get("/")
    assert (answer.status_code, answer.json and answer.json["operation"]) == (503, "authentication")
    assert not is_signed_in(bob)
    assert bob.get("/").text == "pictures of everybody"
    assert ada.get("/").text == "pictures of ada"

    gallery.guard.disable(by="ops")
    eventually(lambda: gallery.guard.requests.is_open, within=5, what="open again")
    # The session was never seen in the window, and is over all the same.
    page = mallory.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (401, "text/html")
    assert "Sign in again" in page.text
    assert page.headers["WWW-Authenticate"]
    assert not is_signed_in(mallory)
    assert gallery.client("bob").get("/").text == "pictures of bob"


def test_nobody_but_admins_signs_in_and_no_answer_tells_who_exists(make_gallery: Any) -> None:
    gallery: Gallery = make_gallery()
    gallery.client().get("/")
    gallery.close(sessions="invalidate")
    tries = [
        {"name": "bob", "password": "bob's password"},
        {"name": "bob", "password": "wrong"},
        {"name": "nobody", "password": "wrong"},
        {"name": "ada", "password": "wrong"},
    ]
    answers = [gallery.client().post("/login", data=form) for form in tries]
    assert {each.status_code for each in answers} == {503}
    # The window goes on to its next step meanwhile, which is another epoch.
    told = [{**(each.json or {}), "retry_after": 0, "timestamp": "", "epoch": 0} for each in answers]
    assert told == [told[0]] * len(tries)
    ada = gallery.client("ada")
    assert ada.get("/admin/users").status_code == 200
    gallery.guard.sessions.allow(by="ops")
    eventually(lambda: gallery.guard.sessions.may_sign_in("viewer"), within=5, what="sign-in allowed")
    assert gallery.client("bob").get("/").text == "pictures of bob"


def test_an_application_that_asks_nobody_lets_nobody_in_either(make_gallery: Any) -> None:
    """Its sign-in asks nobody whether somebody may; the next request does. Even if it stamps its sessions."""
    gallery: Gallery = make_gallery()
    app = gallery.app

    @app.post("/old/login")
    def old_login() -> str:
        session["name"] = "bob"
        session["guard_generation"] = gallery.guard.sessions.stamp()
        return "welcome"

    gallery.guard.operations.add_endpoint("authentication", regex="/old/login")
    gallery.client().get("/")
    gallery.close(sessions="invalidate")
    client = gallery.client()
    assert client.post("/old/login").text == "welcome"
    assert client.get("/").status_code == 503
    assert not is_signed_in(client)


def test_a_state_that_nobody_knows_signs_nobody_out(make_gallery: Any) -> None:
    gallery: Gallery = make_gallery()
    bob, ada = gallery.client("bob"), gallery.client("ada")
    runtime = gallery.guard._parts.runtime
    ensure, runtime._ensure_agent = runtime._ensure_agent, lambda: None
    gallery.guard._parts._producer.stop()
    refused = bob.get("/")
    assert (refused.status_code, refused.headers["X-Maintenance-Mode"]) == (503, "unknown")
    assert refused.headers["X-Maintenance-Active"] == "unknown"
    assert refused.json is not None
    assert refused.json["maintenance_active"] is None
    assert bob.get("/admin/users").status_code == 503
    assert is_signed_in(bob)
    assert ada.get("/").status_code == 200
    assert ada.post("/profile").status_code == 503
    page = gallery.client().get("/maintenance")
    assert (page.status_code, "not known" in page.text) == (200, True)
    runtime._ensure_agent = ensure


def test_who_asks_need_not_be_known_in_a_window(make_gallery: Any, monkeypatch: Any) -> None:
    """The application's own database may be what is maintained."""
    gallery: Gallery = make_gallery()
    client = gallery.client("bob")

    def away(_request: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(gallery.app.config["maintenance"], "_user", away)
    gallery.close()
    assert client.post("/profile").status_code == 503
    assert client.get("/").status_code == 200


def test_an_application_that_never_says_how_old_a_session_is_hears_of_it(
    make_gallery: Any, monkeypatch: Any, caplog: Any
) -> None:
    """After its first window nobody but admins stays signed in: it must be able to find out why."""
    gallery: Gallery = make_gallery()

    def ageless(_request: object) -> User | None:
        return User(name="bob", role="viewer") if "name" in session else None

    monkeypatch.setattr(gallery.app.config["maintenance"], "_user", ageless)
    gallery.client().get("/")
    gallery.close(sessions="invalidate")
    gallery.guard.disable(by="ops")
    eventually(lambda: gallery.guard.sessions.may_sign_in("viewer"), within=5, what="the window is over")
    for _ in range(2):
        assert gallery.client("bob").get("/").status_code == 401
    assert caplog.text.count("GUARD_SESSIONS_NORMAL=keep") == 1
