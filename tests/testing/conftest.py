"""The same small app twice: with a guard in memory, and with a real one on Valkey and SQLite."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

import guard
from guard.settings import load_settings
from guard.testing import in_memory
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.named_events import NamedEvent
    from tests.support.valkey import Valkey

SECRET = "a-key-of-these-tests"
_numbers = itertools.count()


@dataclass
class Place:
    """An app, its guard, and the named events of one test."""

    app: Celery
    guard: guard.Guard
    events: list[NamedEvent]
    queue: str
    """Where its jobs lie: how many were published is how many lie there."""

    def task(self, name: str) -> Any:
        return self.app.tasks[f"shop.{name}"]

    def published(self) -> int:
        length = self.guard._parts.conducting.queues.length(self.queue)
        assert length is not None
        return length


def make_app(name: str, broker: str) -> Celery:
    """An app with a task of each sort."""
    app = Celery(name, broker=broker, set_as_current=False, task_cls="guard:GuardedTask")
    app.conf.update(result_backend="cache+memory://", task_default_queue=name)

    @app.task(name="shop.caption", operation="caption_generation", shared=False)
    def caption(image: str) -> str:
        return image

    @app.task(name="shop.plain", shared=False)
    def plain(*_: object, shop: str = "") -> str:
        return shop

    @app.task(name="shop.audit", operation="admin_operations", shared=False)
    def audit() -> str:
        return "counted"

    @app.task(name="shop.read", operation="read_operations", shared=False)
    def read() -> str:
        return "read"

    @app.task(name="shop.patient", operation="image_processing", when_closed="hold", shared=False)
    def patient() -> str:
        return "patient"

    return app


@pytest.fixture(scope="module")
def real_shop(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Celery, Any]]:
    """A real guard, whose registry is old enough for a window without a wait."""
    database = valkey.fresh_db()
    app = make_app("fidelity-real", valkey.broker_url(database))
    folder = tmp_path_factory.mktemp("real")
    settings = load_settings(
        {
            "REDIS_URL": valkey.url(database),
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_SECRET_KEY": SECRET,
            "GUARD_LEASE_SECONDS": "2",
            "GUARD_RENEW_SECONDS": "0.5",
            "GUARD_TIMEOUT_SECONDS": "0.4",
            "GUARD_EVENTS": "false",
            "GUARD_SESSIONS_NORMAL": "keep",
            "EMERGENCY_MODE_SESSION_CLEANUP": "false",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
        }
    )
    made = guard.install(app, settings)
    made.is_active  # noqa: B018 - a process registers when it asks for the first time
    eventually(
        lambda: made._parts.stores.plane.barrier().registry_age > 2.6, within=10, what="a whole registry"
    )
    yield app, made
    made.close()
    app.close()


@pytest.fixture(params=["memory", "real"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each test of the same answers runs in both."""
    events: list[NamedEvent] = []
    if request.param == "memory":
        app = make_app(f"fidelity-{next(_numbers)}", "memory://")
        settings = {
            "GUARD_SECRET_KEY": SECRET,
            "GUARD_SESSIONS_NORMAL": "keep",
            "EMERGENCY_MODE_SESSION_CLEANUP": "false",
        }
        with in_memory(app, settings=settings) as made:
            made.subscribe(events.append)
            yield Place(app, made, events, app.main)
        return
    app, real = request.getfixturevalue("real_shop")
    watching = True
    real.subscribe(lambda event: events.append(event) if watching else None)
    app.control.purge()
    yield Place(app, real, events, app.main)
    watching = False
    if real.status().is_active:
        real.disable(by="tests", unverified=True)
