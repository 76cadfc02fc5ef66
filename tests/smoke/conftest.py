"""Load pytest-celery here only (elsewhere it would hide Celery's own fixtures) and run it without Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pytest_celery import *  # noqa: F403 - this is how its fixtures become known in one folder

from tests.support.nodes import LocalRedis, LocalWorker, ProcessAsContainer
from tests.support.ports import free_port
from tests.support.valkey import bundled_binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# Lists, where the plugin has sets: their order, and so the tests' ids, would change from run to run.
@pytest.fixture(params=["celery_redis_broker"])
def celery_broker(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The broker node."""
    node = request.getfixturevalue(request.param)
    yield node
    node.teardown()


@pytest.fixture(params=["celery_redis_backend"])
def celery_backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The result backend's node."""
    node = request.getfixturevalue(request.param)
    yield node
    node.teardown()


@pytest.fixture
def default_redis_broker(tmp_path: Path) -> Iterator[LocalRedis]:
    """A Valkey of its own for each test, since tests restart it."""
    port = free_port()
    argv = [str(bundled_binary()), "--port", str(port), "--bind", "127.0.0.1"]
    argv += ["--save", "", "--appendonly", "no", "--dir", str(tmp_path)]
    container = LocalRedis(ProcessAsContainer("broker", argv, workdir=tmp_path, port=port))
    yield container
    container.teardown()


@pytest.fixture
def default_redis_backend(default_redis_broker: LocalRedis) -> LocalRedis:
    """The broker's server serves the results as well."""
    return default_redis_broker


@pytest.fixture
def default_worker_container_cls() -> type[LocalWorker]:
    """Workers are local processes."""
    return LocalWorker


@pytest.fixture
def default_worker_container(
    tmp_path: Path,
    default_worker_container_cls: type[LocalWorker],
    default_worker_command: list[str],
    default_worker_env: dict[str, str],
    default_worker_initial_content: dict[str, bytes],
) -> Iterator[LocalWorker]:
    """Write the app that the plugin generates into a folder and start the real worker there."""
    app = tmp_path / "app"
    for name, body in default_worker_initial_content.items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    env = {**default_worker_env, "PYTHONPATH": str(app)}
    worker = ProcessAsContainer("worker", default_worker_command, workdir=app, env=env)
    container = default_worker_container_cls(worker)
    yield container
    container.teardown()
