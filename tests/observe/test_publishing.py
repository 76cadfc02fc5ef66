"""What a publisher announces of its jobs, without any server: the gate decides by what it believes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery, chain

import guard
from guard.clock import SystemClock
from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.events import JobEvent
from guard.core.named_events import EventName, NamedEvent
from guard.core.state import GuardState
from guard.gates.runtime import Belief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WINDOW = "0b1e6a52-0000-4000-8000-000000000000"
WHERE = {"window_id": WINDOW, "epoch": 1, "task": "shop.job", "operation": "job_creation"}


def _job(value: object = None) -> object:
    return value


class Sender:
    """Takes events for Celery's monitors."""

    def __init__(self) -> None:
        self.has_room = True
        self.taken: list[tuple[JobEvent, dict[str, Any]]] = []

    def offer(self, event: JobEvent, fields: dict[str, Any]) -> None:
        self.taken.append((event, fields))

    def close(self) -> None:
        """Nothing to do."""


class Publisher:
    """An app, its guard, and what they tell."""

    def __init__(self, folder: Path) -> None:
        self.app = Celery("observed", broker="memory://", backend="cache+memory://", set_as_current=False)
        away = {"DATABASE_URL": f"sqlite:///{folder}/x.db", "REDIS_URL": "redis://127.0.0.1:1/0"}
        self.guard = guard.install(self.app, guard.load_settings(away))
        self.job: Any = self.app.task(name="shop.job", shared=False)(_job)
        self.app.finalize()
        self.parts: Any = self.guard._parts
        self.sender = Sender()
        self.parts.telling.__dict__["_sender"] = self.sender
        self.events: list[NamedEvent] = []
        self.guard.subscribe(self.events.append)

    def close_gate(self, mode: str = "normal") -> None:
        wants = WindowRequest.check(mode=mode, reason="Brand", duration=600, by="ops", sessions="keep")
        now = time.time()
        state = changes.close(GuardState.first("s", now), wants, window_id=WINDOW, now=now)
        self.parts.runtime.belief = Belief(state, SystemClock().boot() + 3600)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        told = [(event.name.value, dict(event.fields)) for event in self.events]
        self.events.clear()
        return told


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(tmp_path)
    yield made
    made.guard.close()
    made.app.close()


def test_a_refused_job(publisher: Publisher) -> None:
    publisher.close_gate()
    with pytest.raises(guard.MaintenanceActive) as caught:
        publisher.job.apply_async((1,), task_id="t-1")
    ((name, fields),) = publisher.told()
    assert name == "job.refused"
    assert fields == {
        **WHERE,
        "task_id": "t-1",
        "mode": "normal",
        "refusal": "MaintenanceActive",
        "told": caught.value.message,
        "retry_after": 600,
    }
    ((event, sent),) = publisher.sender.taken
    assert event is JobEvent.REFUSED
    assert sent == {
        "uuid": "t-1",
        "name": "shop.job",
        "operation": "job_creation",
        "exception": f"MaintenanceActive: {caught.value.message}",
    }


def test_a_refused_workflow_is_one_event(publisher: Publisher) -> None:
    publisher.close_gate()
    with pytest.raises(guard.MaintenanceActive):
        chain(publisher.job.s(1), publisher.job.s()).apply_async()
    assert [name for name, _ in publisher.told()] == ["job.refused"]


def test_a_held_job(publisher: Publisher) -> None:
    publisher.close_gate()
    result = publisher.job.apply_async((1,), when_closed="hold")
    assert publisher.told() == [
        ("job.held", {**WHERE, "task_id": result.id, "queue": None, "retries": None})
    ]
    ((event, sent),) = publisher.sender.taken
    assert (event, sent["uuid"], "routing_key" in sent) == (JobEvent.HELD, result.id, False)


def test_a_rehearsal(publisher: Publisher) -> None:
    publisher.close_gate("test")
    publisher.job.apply_async((1,), task_id="t-1")
    assert publisher.told() == [("job.rehearsed", {**WHERE, "task_id": "t-1", "would": "refuse"})]
    assert publisher.sender.taken == []


def test_while_no_window_is_open_nothing_is_told(publisher: Publisher) -> None:
    state = GuardState.first("s", time.time())
    publisher.parts.runtime.belief = Belief(state, SystemClock().boot() + 3600)
    publisher.job.apply_async((1,))
    assert publisher.told() == []


def test_in_a_storm_monitors_are_not_told_of_each(publisher: Publisher) -> None:
    publisher.close_gate()
    publisher.sender.has_room = False
    with pytest.raises(guard.MaintenanceActive):
        publisher.job.delay()
    assert [name for name, _ in publisher.told()] == ["job.refused"]
    assert publisher.sender.taken == []


def test_one_may_subscribe_to_a_few(publisher: Publisher) -> None:
    held: list[NamedEvent] = []
    publisher.guard.subscribe(held.append, EventName.JOB_HELD)
    publisher.close_gate()
    with pytest.raises(guard.MaintenanceActive):
        publisher.job.delay()
    assert held == []


def test_an_announcement_costs_microseconds(publisher: Publisher) -> None:
    """With the usual subscribers, in a storm."""
    publisher.close_gate()
    publisher.sender.has_room = False
    publisher.parts.announcer._of = {
        name: tuple(one for one in subscribers if one != publisher.events.append)
        for name, subscribers in publisher.parts.announcer._of.items()
    }
    publisher.parts.announcer.is_strict = False
    announce: Callable[..., None] = publisher.parts.announcer.announce
    took = []
    for _ in range(5):
        begun = time.thread_time()
        for _ in range(2000):
            announce(
                EventName.JOB_REFUSED, window_id="w", epoch=1, task_id="", task="shop.job", operation="x",
                mode="normal", refusal="MaintenanceActive", told="no", retry_after=60,
            )  # fmt: skip
        took.append((time.thread_time() - begun) / 2000)
    assert min(took) < 20e-6, "seconds of the caller's own time; measured: 1.4e-6"
