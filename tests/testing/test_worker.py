"""A worker in a thread of the test's own process, with a guard in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from celery.contrib.testing.worker import start_worker
from celery.worker import WorkController

import guard
from guard.testing import NotInMemory, in_memory
from tests.examples.loading import loading_from
from tests.support.eventually import eventually
from tests.testing.conftest import make_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Celery

# What start_worker costs most is Celery's own stop, of some four seconds: so there is one test.


@pytest.fixture
def app() -> Iterator[Celery]:
    made = make_app("embedded", "memory://")
    made.conf.update(broker_transport_options={"polling_interval": 0.01}, worker_hijack_root_logger=False)
    yield made
    made.close()


def test_a_worker_of_threads_through_windows(app: Celery) -> None:
    begun, go_on = threading.Event(), threading.Event()

    @app.task(name="shop.long", acks_late=True, shared=False)
    def long() -> str:
        begun.set()
        while not go_on.wait(0.01):
            guard.checkpoint()
        return "done"

    @app.task(name="shop.parent", shared=False)
    def parent() -> str:
        begun.set()
        assert go_on.wait(10)
        return str(app.tasks["shop.caption"].delay("from a job").id)  # while the gate is closed

    with in_memory(app) as maintenance:
        caption = app.tasks["shop.caption"]
        with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False):
            assert caption.delay("a").get(timeout=10) == "a"

            family = parent.delay()
            assert begun.wait(10)
            with maintenance.window(reason="normal") as window:
                assert window.proof == "acknowledged"
                assert len(window.acknowledged or ()) == 1
                assert [job.task for job in window.running or ()] == ["shop.parent"]
                maintenance.assert_refused(caption.delay, "from the test")
                maintenance.assert_refused(caption, "directly")
                held = maintenance.assert_held(caption.apply_async, ("held",), when_closed="hold")
                go_on.set()
                assert maintenance.drain(within=10).state.phase == "active"
                child = app.AsyncResult(family.get(timeout=10))
                assert child.state == "PENDING"
            assert held.get(timeout=10) == "held"
            assert child.get(timeout=10) == "from a job"

            begun.clear()
            go_on.clear()
            job = long.delay()
            assert begun.wait(10)
            with maintenance.window(mode="emergency", reason="fire", grace=5) as window:
                eventually(
                    lambda: [one.outcome for one in maintenance.report().outcomes] == ["interrupted"],
                    within=5,
                    what="the job to stop by itself",
                )
                go_on.set()
            assert job.get(timeout=10) == "done"

            with loading_from("examples/pages") as pages:
                page = pages.verifying  # what docs/verifying.md shows
            with maintenance.window(reason="schema", verify=True):
                token = maintenance.bypass("caption_generation", by="ops", holder="alice", seconds=1800)
                maintenance.drain(within=10)
                maintenance.verify(by="ops")
                page.try_one(caption, token)  # waits for its end
                maintenance.assert_refused(caption.delay, "everybody else's")
            maintenance.clock.advance(3600)
            maintenance.assert_accepted(caption.delay, "an hour later").get(timeout=10)
        with maintenance.window():
            maintenance.assert_refused(caption.delay, "after the worker")
    assert caption("x") == "x"


def test_a_worker_that_cannot_be_in_memory_says_so(app: Celery) -> None:
    with in_memory(app), pytest.raises(NotInMemory, match="pool processes"):
        WorkController(app=app, pool="prefork")
    app.conf.broker_url = app.conf.broker_write_url = "redis://nowhere.invalid:6379/0"
    with in_memory(app), pytest.raises(NotInMemory, match="broker_url='memory://'"):
        WorkController(app=app, pool="solo")
