"""Without `user=` the extension asks flask-login, where the application has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from guard.web import MaintenanceExtension
from tests.support.gallery import make_celery
from tests.web.conftest import environ_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.valkey import Valkey

flask_login = pytest.importorskip("flask_login")


class Somebody:
    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, name: str) -> None:
        self.username, self.role = name, "admin" if name == "ada" else "viewer"

    def get_id(self) -> str:
        return self.username


def test_its_user_is_asked_about_and_signed_out(valkey: Valkey, tmp_path: Path) -> None:
    _, guard = make_celery(environ_of(valkey, tmp_path))
    app = Flask("clubhouse")
    app.secret_key = "a secret of the tests"
    flask_login.LoginManager(app).user_loader(Somebody)
    maintenance = MaintenanceExtension(app, guard, api=False, admin=False)

    @app.post("/login/<name>")
    def login(name: str) -> Any:
        maintenance.sign_in(Somebody(name).role)
        flask_login.login_user(Somebody(name))
        return "welcome"

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        return f"hello {getattr(flask_login.current_user, 'username', 'stranger')}"

    ada, bob = app.test_client(), app.test_client()
    assert (ada.post("/login/ada").status_code, bob.post("/login/bob").status_code) == (200, 200)
    assert bob.get("/").text == "hello bob"
    guard.enable(reason="x", by="ops")
    assert (ada.get("/").text, ada.post("/").text) == ("hello ada", "hello ada")
    assert bob.get("/").status_code == 503
    assert bob.get("/").text == "hello stranger"
    assert guard.attempts.of().total == 1
    guard.disable(by="ops")
    guard.close()
