"""A small application as people have them for years: its own routes, sessions, sign-in, and jobs in Celery.

`serve(environ)` runs it under waitress; the tests make it in their own process with `build(environ)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Celery
from flask import Flask, g, jsonify, redirect, request, session

import guard
from guard.web import MaintenanceExtension, User, guarded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

USERS = {"ada": ("admin", "ada's password"), "bob": ("viewer", "bob's password")}


def make_celery(environ: Mapping[str, str]) -> tuple[Celery, guard.Guard]:
    """The jobs of the gallery."""
    app = Celery("gallery", broker=environ["GALLERY_BROKER"], set_as_current=False)
    ours = ("GUARD_", "MAINTENANCE_", "EMERGENCY_", "DATABASE_URL", "REDIS_URL")
    values = {k: v for k, v in environ.items() if k.startswith(ours) and k != "GUARD_REQUIRE_SERVERS"}
    installed = guard.install(app, guard.load_settings(values))

    @app.task(name="gallery.caption", shared=False, operation="caption_generation")
    def caption(picture: int) -> int:
        return picture

    return app, installed


def build(environ: Mapping[str, str]) -> tuple[Flask, guard.Guard]:
    """The web application, with the guard on it."""
    celery, installed = make_celery(environ)
    app = Flask("gallery")
    app.secret_key = "a secret of the tests"
    app.config["calls"] = []
    # Made first, as people do: before the functions that find out who asks.
    app.config["maintenance"] = MaintenanceExtension(app, installed, user=_user, api=False, admin=False)
    _sign_in(app)
    _views(app, celery)
    return app, installed


def _user(_request: Any) -> User | None:
    name = g.get("name")
    if name is None:
        return None
    return User(
        name=name,
        role=USERS[name][0],
        generation=session.get("guard_generation"),
        created_at=session.get("created_at"),
    )


def _sign_in(app: Flask) -> None:
    @app.before_request
    def load() -> None:
        g.name = session.get("name")

    @app.after_request
    def allow_other_origins(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "https://elsewhere.example"
        return response

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        if request.method == "GET":
            return "<form method=post>"
        name = request.form.get("name", "")
        role, password = USERS.get(name, ("", ""))
        right = bool(password) and request.form.get("password") == password
        app.config["maintenance"].sign_in(role if right else None)
        if not right:
            return "wrong name or password", 403
        session["name"] = name
        return redirect("/")

    @app.post("/logout")
    def logout() -> Any:
        session.clear()
        return redirect("/")


def _views(app: Flask, celery: Celery) -> None:
    calls: list[str] = app.config["calls"]

    @app.route("/")
    def index() -> str:
        return f"pictures of {g.name or 'everybody'}"

    @app.route("/pictures/<int:number>")
    def picture(number: int) -> str:
        return f"picture {number}"

    @app.post("/pictures/<int:number>/like")
    def like(number: int) -> Any:
        calls.append("like")
        return jsonify(liked=number)

    @app.post("/profile")
    def profile() -> str:
        calls.append("profile")
        return "changed"

    @app.post("/make")
    @guarded("caption_generation")
    def make() -> Any:
        calls.append("make")
        return "made", 202

    @app.post("/admin/captions")
    def captions() -> Any:
        calls.append("captions")
        return jsonify(id=celery.tasks["gallery.caption"].delay(1).id), 202

    @app.route("/broken", methods=["POST"])
    @guarded("read_operations")
    def broken() -> Any:
        calls.append("broken")
        raise ValueError("a mistake of this view")

    @app.route("/admin/users")
    def users() -> str:
        return "users"
