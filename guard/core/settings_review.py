"""A look at the environment for what should not be in production: weak secrets, debug switches.

Only names leave this module, never values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.core.alerts import Severity
from guard.core.routine_result import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["review_environment"]

_SECRET_NAME = re.compile(r"(^|_)(SECRET|PASSWORD|PASSWD|TOKEN|ENCRYPTION_KEY|SECRET_KEY|API_KEY)(_|$)")
_KEY_NAME = re.compile(r"(SECRET_KEY|ENCRYPTION_KEY)$")
_WEAK = frozenset(
    {
        *(
            "admin",
            "administrator",
            "changeme",
            "change-me",
            "change_me",
            "change me",
            "default",
            "demo",
            "dev",
        ),
        *(
            "development",
            "example",
            "guest",
            "insecure",
            "letmein",
            "pass",
            "passw0rd",
            "password",
            "password1",
        ),
        *(
            "placeholder",
            "root",
            "secret",
            "secretkey",
            "secret-key",
            "secret_key",
            "test",
            "testing",
            "todo",
        ),
        *("xxx", "your-secret-key", "your_secret_key", "your-secret-key-here", "your_secret_key_here"),
        *(
            "your-password",
            "your_password",
            "vedfolnir",
            "vedfolnir_password",
            "qwerty",
            "12345678",
            "123456",
        ),
    }
)
_SHORTEST_KEY = 16
_FEWEST_LETTERS = 5
"""Different characters in a key: fewer are a pattern."""
_ON = frozenset({"1", "true", "yes", "on"})
_DEBUG_SWITCHES = ("DEBUG", "FLASK_DEBUG", "SQLALCHEMY_ECHO", "PYTHONASYNCIODEBUG", "WERKZEUG_DEBUG_PIN")
_DEBUG_PLACES = ("FLASK_ENV", "APP_ENV", "ENVIRONMENT")
_ADDRESSES = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND")


def review_environment(environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """What should be changed, secrets first."""
    found: list[Finding] = []
    if not environ.get("GUARD_SECRET_KEY"):
        found.append(
            _finding(
                "no signing key",
                "GUARD_SECRET_KEY",
                "GUARD_SECRET_KEY is not set: whoever can write to Redis can open the gate",
            )
        )
    found += [
        _finding("weak secret", name, f"{name} {why}: replace it")
        for name in sorted(environ)
        if environ[name] and _SECRET_NAME.search(name) and (why := _weakness(name, environ[name]))
    ]
    found += [
        _finding("weak secret", name, f"the password in {name} is a well-known one: replace it")
        for name in _ADDRESSES
        if environ.get(name) and _is_weak_password(environ[name])
    ]
    found += [
        _finding("debug switch", name, f"{name} is on")
        for name in _DEBUG_SWITCHES
        if environ.get(name, "").strip().lower() in _ON
    ]
    found += [
        _finding("debug switch", name, f"{name} says development")
        for name in _DEBUG_PLACES
        if environ.get(name, "").strip().lower() in {"development", "dev", "debug"}
    ]
    return tuple(found)


def _weakness(name: str, value: str) -> str:
    text = value.strip()
    if text.lower() in _WEAK:
        return "has a well-known value"
    if _KEY_NAME.search(name) and len(text) < _SHORTEST_KEY:
        return f"is shorter than {_SHORTEST_KEY} characters"
    if len(set(text)) < _FEWEST_LETTERS:
        return "repeats a few characters"
    return ""


def _is_weak_password(url: str) -> bool:
    try:
        password = urlsplit(url).password
    except ValueError:
        return False
    return password is not None and (password == "" or password.lower() in _WEAK)


def _finding(kind: str, subject: str, message: str) -> Finding:
    return Finding(severity=Severity.WARNING, kind=kind, subject=subject, message=message)
