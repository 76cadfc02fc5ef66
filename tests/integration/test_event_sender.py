"""Events of a publisher: soon there, never waited for, and never in the way."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from celery.events import EventReceiver

from guard.core.events import JobEvent
from guard.fleet import event_sender
from guard.fleet.event_sender import EventSender
from tests.support.eventually import eventually, throughout
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def app(redis_broker_url: str) -> Iterator[Celery]:
    """An app with a namespace of events for itself: channels have no database."""
    app = Celery("events", broker=redis_broker_url, set_as_current=False)
    app.conf.event_exchange = f"events-{time.monotonic_ns()}"
    yield app
    app.close()


@pytest.fixture
def heard(app: Celery) -> Iterator[list[dict[str, Any]]]:
    """What somebody who listens hears, from the first event on.

    Over Redis a receiver is ready before it has subscribed, and what is sent in between reaches nobody. So
    it listens as soon as it has heard something.
    """
    events: list[dict[str, Any]] = []
    listens = threading.Event()

    def hear(event: dict[str, Any]) -> None:
        if event["type"] == "are-you-there":
            listens.set()
        else:
            events.append(event)

    def asked() -> bool:
        dispatcher.send("are-you-there")
        return listens.wait(0.1)

    with app.connection_for_read() as connection, app.events.default_dispatcher() as dispatcher:
        ear = EventReceiver(connection, handlers={"*": hear}, app=app)
        listening = threading.Thread(target=ear.capture, kwargs={"wakeup": False}, daemon=True)
        listening.start()
        eventually(asked, within=30)
        yield events
        ear.should_stop = True
        listening.join(10)


def refused(number: int) -> dict[str, Any]:
    return {"uuid": f"job-{number}", "name": "shop.job"}


def test_an_event_arrives_with_the_time_at_which_it_happened(
    app: Celery, heard: list[dict[str, Any]]
) -> None:
    sender = EventSender(app)
    before = time.time()
    assert sender.offer(JobEvent.REFUSED, refused(1))
    after = time.time()
    (event,) = eventually(lambda: heard, within=10)
    assert event["type"] == "task-refused"
    assert event["uuid"] == "job-1"
    assert before <= event["timestamp"] <= after
    assert event["hostname"].startswith("publishers@")
    sender.close()


def test_what_waits_is_sent_at_the_end(app: Celery, heard: list[dict[str, Any]]) -> None:
    sender = EventSender(app)
    for number in range(30):
        sender.offer(JobEvent.REFUSED, refused(number))
    sender.close(within=10)
    eventually(lambda: len(heard) == 30, within=5)
    assert "guard-events" not in {thread.name for thread in threading.enumerate()}
    assert sender.offer(JobEvent.REFUSED, refused(31)), "the next event begins anew"
    eventually(lambda: len(heard) == 31, within=10)
    sender.close(within=10)


def test_a_storm_costs_next_to_nothing(app: Celery, heard: list[dict[str, Any]]) -> None:
    sender = EventSender(app)
    used = time.thread_time()
    taken = sum(sender.offer(JobEvent.REFUSED, refused(number)) for number in range(20_000))
    used = time.thread_time() - used
    assert used / 20_000 < 20e-6, "seconds of the caller's own time, each"
    assert taken < 2000
    sender.close(within=10)
    eventually(lambda: len(heard) == taken, within=10)


def test_nothing_is_left_when_nothing_happens(app: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_sender, "_IDLE_SECONDS", 0.2)
    monkeypatch.setattr(event_sender, "_PAUSE_SECONDS", 0.1)
    names = lambda: {thread.name for thread in threading.enumerate()}  # noqa: E731 - short
    assert "guard-events" not in names()
    sender = EventSender(app)
    sender.offer(JobEvent.REFUSED, refused(1))
    assert "guard-events" in names()
    eventually(lambda: "guard-events" not in names(), within=10)


def test_a_broker_that_is_away_is_nobodys_trouble(caplog: pytest.LogCaptureFixture) -> None:
    app = Celery("away", broker="redis://127.0.0.1:1/0", set_as_current=False)
    sender = EventSender(app)
    watch = Stopwatch()
    sender.offer(JobEvent.REFUSED, refused(1))
    assert watch.seconds < 0.5
    eventually(lambda: "events of refused jobs are not sent" in caplog.text, within=15)
    assert not sender.offer(JobEvent.REFUSED, refused(2)), "not tried again at once"
    throughout(lambda: caplog.text.count("are not sent") == 1, during=0.3)
    sender.close()
    app.close()
