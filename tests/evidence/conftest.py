"""A guard on stores of the test's own, and what collects evidence of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from celery import Celery

import guard
from guard.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey

SECRET = "a secret of the tests, never shown"


@pytest.fixture
def make_guard(valkey: Valkey, tmp_path: Path) -> Iterator[Callable[..., guard.Guard]]:
    """A guard; SQLite and the session's Valkey unless said otherwise."""
    made: list[guard.Guard] = []

    def make(**settings: object) -> guard.Guard:
        number = valkey.fresh_db()
        values = {
            "redis_url": valkey.url(number),
            "database_url": f"sqlite:///{tmp_path / 'guard.db'}",
            "guard_secret_key": SECRET,
            "guard_lease_seconds": 1.0,
            "guard_renew_seconds": 0.25,
            "guard_timeout_seconds": 0.2,
            **settings,
        }
        app = Celery("evidence", broker=valkey.broker_url(number), set_as_current=False)
        installed = guard.install(app, Settings(**values))  # type: ignore[arg-type]
        made.append(installed)
        return installed

    yield make
    for one in made:
        one.close()
        one._parts.app.close()  # type: ignore[attr-defined]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where evidence goes: not there yet."""
    return tmp_path / "incident"
