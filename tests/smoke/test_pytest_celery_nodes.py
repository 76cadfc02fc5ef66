"""Real worker and broker nodes, without Docker: they get ready, work, restart and die."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.smoke import jobs
from tests.support.eventually import eventually
from tests.support.processes import is_gone

if TYPE_CHECKING:
    from pytest_celery import CeleryTestSetup

RESULT_WITHIN = 15


@pytest.fixture
def default_worker_tasks(default_worker_tasks: set[Any]) -> set[Any]:
    """Give the worker our tasks besides the plugin's own."""
    return default_worker_tasks | {jobs}


def test_a_worker_gets_ready_and_runs_a_task(celery_setup: CeleryTestSetup) -> None:
    assert celery_setup.ready(ping=True, control=True)
    assert jobs.multiply.s(6, 7).apply_async().get(timeout=RESULT_WITHIN) == 42
    celery_setup.worker.assert_log_exists("succeeded")
    assert celery_setup.worker.hostname() in celery_setup.app.control.inspect().ping()


def test_nodes_come_back_after_a_restart_and_stay_away_after_a_kill(celery_setup: CeleryTestSetup) -> None:
    celery_setup.broker.restart()
    celery_setup.worker.restart()
    assert celery_setup.ready(ping=True)
    assert jobs.multiply.s(2, 3).apply_async().get(timeout=RESULT_WITHIN) == 6

    pool = celery_setup.worker.container._container.process.children()
    assert pool
    celery_setup.worker.kill()
    assert celery_setup.worker.container.status == "exited"
    eventually(lambda: all(map(is_gone, pool)), what="the pool to die with its worker")
