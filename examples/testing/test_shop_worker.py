"""The shop with a worker in a thread of the test, and with eager tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import shop
from celery.contrib.testing.worker import start_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.testing import InMemoryGuard


@pytest.fixture
def worker(maintenance: InMemoryGuard) -> Iterator[Any]:
    shop.app.conf.broker_transport_options = {"polling_interval": 0.01}
    with start_worker(shop.app, perform_ping_check=False) as running:
        yield running


@pytest.mark.usefixtures("worker")
def test_a_held_order_runs_after_the_window(maintenance: InMemoryGuard) -> None:
    with maintenance.window(reason="Database upgrade"):
        held = shop.caption.apply_async(("cat.jpg",), when_closed="hold")
    assert held.get(timeout=10) == "a picture of cat.jpg"


@pytest.fixture
def eager() -> Iterator[None]:
    shop.app.conf.task_always_eager = True
    yield
    shop.app.conf.task_always_eager = False


@pytest.mark.usefixtures("eager")
def test_eager_tasks_are_refused_too(maintenance: InMemoryGuard) -> None:
    assert shop.caption.delay("cat.jpg").get() == "a picture of cat.jpg"
    with maintenance.window(reason="Database upgrade"):
        maintenance.assert_refused(shop.caption.delay, "cat.jpg")
