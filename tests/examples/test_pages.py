"""The code that pages show: each region runs, with a guard in memory.

Others run where there is what they need: `test_pages_on_stores.py`, `tests/testing/test_worker.py`
(verifying), `tests/drills/test_rehearsal.py` (drills), `tests/notify/test_webhook.py` (receiver of
webhooks).
"""

from __future__ import annotations

import doctest
import os
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, text

import guard
from guard.core.named_events import EventName
from guard.testing import FakeClock, InMemoryGuard, in_memory
from guard.web import User
from tests.examples.loading import ROOT, loading_from
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from celery import Celery
    from flask.testing import FlaskClient

    from tests.examples.loading import Examples

MEMORY = {"broker_url": "memory://", "result_backend": "cache+memory://"}


@pytest.fixture
def pages() -> Iterator[Examples]:
    """Modules of examples/pages."""
    with loading_from("examples/pages") as found:
        yield found


@pytest.fixture
def plain() -> Iterator[Examples]:
    """Modules of examples/plain."""
    with loading_from("examples/plain") as found:
        yield found


@pytest.fixture
def guarding() -> Iterator[Callable[..., InMemoryGuard]]:
    """`guarding(app)`: a guard in memory, until the end of the test."""
    with ExitStack() as stack:

        def put_on(app: Celery, **options: Any) -> InMemoryGuard:
            app.conf.update(MEMORY)
            stack.callback(app.close)
            return stack.enter_context(in_memory(app, **options))

        yield put_on


@pytest.fixture
def maintenance(plain: Examples, guarding: Callable[..., InMemoryGuard]) -> InMemoryGuard:
    """The guard of the smallest app."""
    return guarding(plain.shop.app)


def test_the_readme(plain: Examples, maintenance: InMemoryGuard) -> None:
    assert plain.view.describe("cat.jpg") == ("In a moment", 202)
    with maintenance.window(duration=600):
        said = "Caption generation is temporarily unavailable due to system maintenance"
        assert plain.view.describe("cat.jpg") == (said, 503, {"Retry-After": "600"})
        job = maintenance.assert_held(plain.view.describe_later, "cat.jpg")
    maintenance.assert_released(job)


def test_the_session_of_the_quickstart(maintenance: InMemoryGuard) -> None:
    session = ROOT / "examples" / "plain" / "refused.pycon"
    with maintenance.window():
        done = doctest.testfile(str(session), module_relative=False)
    assert (done.attempted, done.failed) == (2, 0)


def test_scope(
    pages: Examples, plain: Examples, maintenance: InMemoryGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: tuple[dict[str, Any], ...] = ({}, {"queue": "bulk"}, {"headers": {"tenant": "acme"}})
    refused: list[list[bool]] = []

    def noting(step: Callable[..., guard.Window]) -> Callable[..., guard.Window]:
        def done(**options: Any) -> guard.Window:
            window = step(**options)
            refused.append([_refuses(ship, **call) for call in calls])
            refused[-1].append(_refuses(plain.shop.caption))
            return window

        return done

    @plain.shop.app.task(shared=False)
    def ship(what: str) -> None: ...

    for name in ("enable", "change"):
        monkeypatch.setattr(maintenance, name, noting(getattr(maintenance, name)))
    pages.scope.narrow(maintenance)
    assert refused == [
        [False, False, False, True],
        [False, True, False, False],
        [False, False, True, False],
        [True, True, True, True],
    ]
    maintenance.disable(by="alice")


def _refuses(task: Any, **options: Any) -> bool:
    try:
        task.apply_async(("cat.jpg",), **options)
    except guard.MaintenanceActive:
        return True
    return False


def test_schedule(pages: Examples, plain: Examples, guarding: Callable[..., InMemoryGuard]) -> None:
    clock = FakeClock(datetime(2026, 12, 5, 12, tzinfo=UTC))
    maintenance = guarding(plain.shop.app, clock=clock)
    pages.schedule.plan(maintenance)
    (planned,) = maintenance.schedule.list(starts=2)
    assert planned.plan.name == "Reindex"
    assert not maintenance.is_active
    clock.set(datetime(2026, 12, 6, 1, 0, tzinfo=UTC))  # two o'clock in Berlin
    maintenance.schedule.run_due()
    assert maintenance.status().reason == "Weekly reindex"
    maintenance.drain()
    clock.advance(5401)
    maintenance.schedule.run_due()
    assert not maintenance.is_active


def test_sessions(pages: Examples, maintenance: InMemoryGuard) -> None:
    viewer, admin = SimpleNamespace(role="viewer"), SimpleNamespace(role="admin")
    sessions: dict[str, dict[str, Any]] = {"viewer": {}, "admin": {}}
    signed_out = ("signed out", 401)

    def asks(user: SimpleNamespace) -> tuple[str, int]:
        answer: tuple[str, int] = pages.sessions.in_every_request(
            maintenance, user, sessions[user.role], lambda: signed_out
        )
        return answer

    for user in (viewer, admin):
        assert pages.sessions.at_sign_in(maintenance, user, sessions[user.role]) == ("welcome", 200)
        assert asks(user) == ("page", 200)
    with maintenance.window():
        assert asks(viewer) == signed_out
        assert asks(admin) == ("page", 200)
        assert pages.sessions.at_sign_in(maintenance, viewer, {})[1] == 503
    assert asks(viewer) == signed_out
    sessions["viewer"] = {}
    assert pages.sessions.at_sign_in(maintenance, viewer, sessions["viewer"]) == ("welcome", 200)
    assert asks(viewer) == ("page", 200)


def test_events(pages: Examples, guarding: Callable[..., InMemoryGuard]) -> None:
    page = pages.events
    maintenance = guarding(page.app)
    with maintenance.window() as window:
        assert page.pager.empty()
        stuck = {"window_id": window.window_id, "epoch": window.epoch, "unknown": []}
        blockers = ["shop.caption on w1@host for 900 s"]
        maintenance._parts.announcer.announce(EventName.DRAIN_STUCK, **stuck, blockers=blockers)
        assert page.pager.get_nowait() == blockers


def test_emergency(pages: Examples, guarding: Callable[..., InMemoryGuard]) -> None:
    page = pages.emergency
    maintenance = guarding(page.app)
    page.convert_all(["a", "b"])
    assert page.converted == ["a", "b"]
    with maintenance.simulate.asked_to_stop(), pytest.raises(guard.JobInterrupted):
        page.convert_all(["c"])
    assert (page.converted, page.forgotten) == (["a", "b"], [2])


def test_a_migration_leaves_the_guards_tables_alone(pages: Examples) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for name in ("guard_windows", "configuration", "books"):
            connection.execute(text(f"create table {name} (number integer)"))
        options = {"include_name": pages.migrations.include_name}
        context = MigrationContext.configure(connection, opts=options)
        changes = compare_metadata(context, MetaData())
    engine.dispose()
    assert [(what, table.name) for what, table in changes] == [("remove_table", "books")]


@pytest.fixture
def shop(pages: Examples, guarding: Callable[..., InMemoryGuard]) -> InMemoryGuard:
    """The guard of the Flask application."""
    return guarding(pages.flask_app.celery_app)


def _client(pages: Examples, name: str = "") -> FlaskClient:
    client: FlaskClient = pages.flask_app.app.test_client()
    if name:
        assert client.post("/login", data={"name": name, "password": "pw"}).text == f"Hello {name}"
    return client


def test_flask(pages: Examples, shop: InMemoryGuard) -> None:
    pages.flask_routes.test_every_route_is_classified()
    ann, boss = _client(pages, "ann"), _client(pages, "boss")
    assert ann.post("/login", data={"name": "ann", "password": "x"}).status_code == 403
    paths = ("/captions", "/search", "/reports/march/export")
    assert [ann.post(path).status_code for path in paths] == [202, 200, 200]
    with shop.window(sessions="keep"):
        assert [ann.post(path).status_code for path in paths] == [503, 200, 503]
        assert "Exports are not possible now" in ann.post(paths[2]).text
        assert [boss.post(path).status_code for path in paths] == [503, 200, 503]
    with shop.window():
        assert ann.get("/search").status_code == 503
        wrong = [{"name": "ann", "password": "pw"}, {"name": "nobody", "password": "x"}]
        assert [ann.post("/login", data=form).status_code for form in wrong] == [503, 503]
    assert _client(pages, "ann").post("/search").status_code == 200


def test_without_flask(pages: Examples, maintenance: InMemoryGuard) -> None:
    asks, bob = pages.without_flask, User(name="bob", role="viewer")
    maintenance.operations.add_endpoint("caption_generation", regex="/captions", methods="POST")
    assert asks.captions(maintenance, bob, {}) == ("In a moment", 202, {})
    with maintenance.window(duration=600, sessions="keep"):
        status, headers = asks.captions(maintenance, bob, {})[1:]
        assert (status, headers) == (503, {"Retry-After": "600"})
        assert maintenance.attempts.of().total == 1
        token = maintenance.bypass("caption_generation", by="ops", holder="bob", seconds=60)
        assert asks.captions(maintenance, bob, {}, token)[1] == 202
        assert not asks.may_caption(maintenance, bob)
        assert asks.may_caption(maintenance, bob, token)
        assert asks.may_sign_in(maintenance, bob)
    with maintenance.window():
        assert asks.captions(maintenance, bob, {})[1] == 401
        assert not asks.may_sign_in(maintenance, bob)


# Django is set up once for a process, and makes its app the default one of all threads: not in this one.
DJANGO = """
import django
from celery import Celery
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[], TEMPLATES=[])
django.setup()
app = Celery("site", broker="memory://")
app.set_default()
import guard.testing
from django_operators import ShopMaintenance

class Somebody:
    is_authenticated, is_superuser = True, False
    def __init__(self, *groups):
        self.mine = groups
        self.groups = self
    def get_username(self):
        return "ann"
    def filter(self, name):
        self.found = name in self.mine
        return self
    def exists(self):
        return self.found

def said(*groups):
    request = RequestFactory().post("/basket")
    request.user = Somebody(*groups)
    answer = middleware.process_view(request, None, (), {})
    return answer and answer.status_code

with guard.testing.in_memory(app) as maintenance:
    middleware = ShopMaintenance(lambda request: HttpResponse("served"))
    with maintenance.window():
        print("answers", said("buyers"), said("operators"))
"""


def test_operators_are_admins(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": os.pathsep.join([str(ROOT / "examples" / "pages"), *sys.path])}
    argv = [sys.executable, "-W", "ignore", "-c", DJANGO]
    with LocalProcess("django", argv, workdir=tmp_path, env=environ) as process:
        process.wait(60)
        assert "answers 503 None" in process.log, process.log
