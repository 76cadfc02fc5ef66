"""A worker that stops begins to take nothing. Found by the kill harness: Celery's event loop, when it is
closed, does what was left to do; a cordon that was lifted there took jobs that nobody acknowledged any more,
and they ran twice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from celery.bootsteps import CLOSE, RUN

from guard.core.modes import Gate
from guard.core.scope import EVERYTHING
from guard.gates.inner_celery import worker_state
from guard.worker.cordon import Cordon
from guard.worker.lanes import Lanes


class Takes:
    """What a worker takes from, as kombu's consumer keeps it."""

    def __init__(self, *names: str) -> None:
        self.queues = [SimpleNamespace(name=name) for name in names]

    def cancel_by_queue(self, name: str) -> None:
        self.queues = [queue for queue in self.queues if queue.name != name]

    def consuming_from(self, name: str) -> bool:
        return name in self.names

    def add_queue(self, queue: Any) -> None:
        self.queues.append(queue)

    def consume(self) -> None:
        """Nothing to do."""

    @property
    def names(self) -> list[str]:
        return [queue.name for queue in self.queues]


@pytest.fixture
def runtime() -> Any:
    found = SimpleNamespace(gate=Gate.OPEN, scope=lambda: EVERYTHING)
    found.view_of_page = lambda: found.gate
    return found


@pytest.fixture
def consumer() -> Any:
    app = SimpleNamespace(
        tasks=[], amqp=SimpleNamespace(queues=SimpleNamespace(consume_from={"guarded": None}))
    )
    return SimpleNamespace(app=app, task_consumer=Takes("guarded"), blueprint=SimpleNamespace(state=RUN))


@pytest.fixture(params=["goes on", "was told to stop", "was told to end", "stops"])
def stops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, consumer: Any) -> bool:
    match request.param:
        case "was told to stop":
            monkeypatch.setattr(worker_state, "should_stop", 0)
        case "was told to end":
            monkeypatch.setattr(worker_state, "should_terminate", True)
        case "stops":
            consumer.blueprint.state = CLOSE
    return bool(request.param != "goes on")


def test_a_cordon_is_lifted_unless_the_worker_stops(runtime: Any, consumer: Any, stops: bool) -> None:
    settings: Any = SimpleNamespace(hold_queues=frozenset({"guarded"}), mixed_queues=frozenset())
    names: Any = SimpleNamespace(remember=lambda _: None)
    classifier: Any = None
    cordon = Cordon(runtime=runtime, classifier=classifier, settings=settings, names=names)
    cordon.attach(consumer)
    assert consumer.task_consumer.names == ["guarded"]
    runtime.gate = Gate.NORMAL
    cordon.apply()
    assert consumer.task_consumer.names == []
    runtime.gate = Gate.OPEN
    cordon.apply()
    assert consumer.task_consumer.names == ([] if stops else ["guarded"])


def test_lanes_are_taken_from_unless_the_worker_stops(runtime: Any, consumer: Any, stops: bool) -> None:
    lanes = Lanes(
        runtime=runtime,
        make_queue=lambda name: SimpleNamespace(name=name),  # type: ignore[arg-type,return-value]
        waiting=lambda _: 0,
        in_use=lambda: True,
    )
    lanes.attach(consumer)
    runtime.gate = Gate.NORMAL
    lanes.follow()
    assert (len(consumer.task_consumer.names) > 1) is not stops
