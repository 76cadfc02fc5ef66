"""Who makes a request, where the application does not say: whoever flask-login knows, if it is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from flask import current_app, session

from guard.core.requests import User
from guard.core.sessions import GENERATION_FIELD

if TYPE_CHECKING:
    from flask import Request

__all__ = ["default_user", "sign_out"]


def default_user(_request: Request) -> User | None:
    """The user of flask-login, with the attribute `role`; None without flask-login or without a user."""
    current = _flask_login_user()
    if current is None or not getattr(current, "is_authenticated", False):
        return None
    return User(
        name=str(getattr(current, "username", None) or current.get_id() or ""),
        role=getattr(current, "role", None),
        generation=session.get(GENERATION_FIELD),
        created_at=session.get("created_at"),
    )


def sign_out() -> None:
    """End the session of this request: forget all that Flask's session holds, and flask-login's cookie."""
    if _flask_login_user() is not None:
        sys.modules["flask_login"].logout_user()
    session.clear()


def _flask_login_user() -> Any:
    flask_login = sys.modules.get("flask_login")  # who uses it has loaded it
    if flask_login is None or not hasattr(current_app, "login_manager"):
        return None
    return flask_login.current_user
