"""Each example is copied once for its tests: one worker, one web server, one Valkey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.examples.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.valkey import Valkey


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
