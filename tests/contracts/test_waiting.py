"""Waiting: which jobs lie in Redis, told from real messages of Celery, and from what is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from celery import Celery

from guard.fleet.broker import Broker
from guard.fleet.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def app(redis_broker_url: str) -> Iterator[Celery]:
    made = Celery("waiting", broker=redis_broker_url, set_as_current=False)
    yield made
    made.close()


@pytest.fixture
def waiting(app: Celery) -> Iterator[Waiting]:
    broker = Broker(app)
    yield Waiting(broker)
    broker.close()


def sent(app: Celery, number: int, **options: object) -> list[str]:
    return [str(app.send_task("x.y", (n,), queue="jobs", **options).id) for n in range(number)]  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", [1, 2])
def test_the_next_and_all(app: Celery, waiting: Waiting, protocol: int) -> None:
    app.conf.task_protocol = protocol
    assert waiting.can_look
    assert waiting.next("jobs", 3) == []
    ids = sent(app, 1200)
    assert waiting.next("jobs", 3) == [ids[:3]]
    assert waiting.everything("jobs") == set(ids)
    assert waiting.unacknowledged() == set()


def test_each_priority_has_its_own(app: Celery, waiting: Waiting) -> None:
    first, later = sent(app, 2, priority=0), sent(app, 2, priority=9)
    assert waiting.next("jobs", 5) == [first, later]
    assert waiting.everything("jobs") == {*first, *later}


def test_what_a_worker_has_taken(app: Celery, waiting: Waiting) -> None:
    (task_id,) = sent(app, 1)
    with app.connection_for_read() as connection, connection.SimpleQueue("jobs") as queue:
        queue.get(timeout=5)
        assert waiting.unacknowledged() == {task_id}
        assert waiting.everything("jobs") == set()


def test_what_is_no_job_has_no_id(app: Celery, waiting: Waiting) -> None:
    with app.connection_for_write() as connection:
        client = connection.default_channel.client
        for text in ("not json", "[]", "7", "{}", json.dumps({"properties": {"correlation_id": 7}})):
            client.lpush("jobs", text)
    ids = sent(app, 1)
    assert waiting.everything("jobs") == set(ids)
    assert waiting.next("jobs", 10) == [ids]
