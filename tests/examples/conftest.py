"""Projects are copied once for their tests: one worker, one web server, one Valkey. What pages show besides
is imported, with a guard in memory."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from guard.testing import InMemoryGuard, in_memory
from tests.examples.loading import loading_from
from tests.examples.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from celery import Celery

    from tests.examples.loading import Examples
    from tests.support.valkey import Valkey


MEMORY = {"broker_url": "memory://", "result_backend": "cache+memory://"}


@pytest.fixture(scope="module")
def make_project(
    valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Project]]:
    """`make_project("flask_shop", app="make_celery", SECRET_KEY="…")`; BROKER and RESULTS in a setting's
    value stand for addresses of empty databases, FOLDER for one of its own."""
    made: list[Project] = []

    def make(source: str, *, app: str, **environ: str) -> Project:
        folder = tmp_path_factory.mktemp("example")
        broker, results = valkey.broker_url(valkey.fresh_db()), valkey.broker_url(valkey.fresh_db())
        words = {"BROKER": broker, "RESULTS": results}
        settings = {
            name: words.get(value, value.replace("FOLDER", str(folder))) for name, value in environ.items()
        }
        made.append(Project(source, folder, app=app, environ=settings))
        return made[-1]

    yield make
    for project in made:
        project.close()


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
