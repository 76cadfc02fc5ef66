"""Sign-up, sign-in, and who is signed in: the shop's own, without flask-login."""

from __future__ import annotations

from flask import Blueprint, abort, g, request, session
from werkzeug.security import check_password_hash, generate_password_hash

from shop.models import User, db

accounts = Blueprint("accounts", __name__)


@accounts.before_app_request
def load_user() -> None:
    g.user = db.session.get(User, session["user_id"]) if "user_id" in session else None


@accounts.post("/register")
def register() -> tuple[str, int]:
    name, password = request.form["name"], request.form["password"]
    db.session.add(User(name=name, password_hash=generate_password_hash(password)))
    db.session.commit()
    return "registered", 201


@accounts.post("/login")
def login() -> str:
    user = db.session.scalar(db.select(User).filter_by(name=request.form["name"]))
    if user is None or not check_password_hash(user.password_hash, request.form["password"]):
        abort(403)
    session.clear()
    session["user_id"] = user.id
    return f"hello {user.name}"
