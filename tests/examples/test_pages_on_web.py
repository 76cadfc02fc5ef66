"""The code that pages about web applications show, with a guard in memory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, text

from guard.web import User
from tests.examples.loading import ROOT
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from guard.testing import InMemoryGuard
    from tests.examples.loading import Examples


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
