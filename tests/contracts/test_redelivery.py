"""Redelivery: jobs that a worker left behind in Redis go back, told from all that others have."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from kombu import Exchange, Queue

from guard.core.agents import AgentReport, RunningJob
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from guard.fleet.broker import Broker
from guard.fleet.redelivery import Redelivery
from guard.fleet.waiting import Waiting
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = GuardState(
    epoch=7,
    phase=Phase.DRAINING,
    mode=Mode.NORMAL,
    window_id="w-1",
    reason="tests",
    by="tests",
    started_at=0.0,
    duration=None,
    changed_at=0.0,
    store_id="s",
)


class Held:
    """An app on Redis, and a worker of it that has taken jobs and is gone: nobody will acknowledge them."""

    def __init__(self, url: str) -> None:
        self.app = Celery("redelivery", broker=url, set_as_current=False)
        self.app.conf.task_queues = [
            Queue("jobs"),
            Queue("bound", exchange=Exchange("shop", type="topic"), routing_key="orders.#"),
        ]
        self.broker = Broker(self.app)
        self.waiting = Waiting(self.broker)
        self.strangers: list[str] | None = []
        self.is_current = True
        self.asked: set[str] = set()
        self.redelivery = Redelivery(
            app=self.app,
            broker=self.broker,
            is_blocked=lambda _, message, __: message.headers["task"] != "x.free",
            strangers=self._strangers,
            is_current=lambda _: self.is_current,
        )
        self._worker = self.app.connection_for_read()

    def _strangers(self, queues: Any) -> list[str] | None:
        self.asked |= set(queues)
        return self.strangers

    def taken(self, number: int, name: str = "x.y", *, queue: str = "jobs", **options: Any) -> list[str]:
        ids = [str(self.app.send_task(name, (n,), queue=queue, **options).id) for n in range(number)]
        bound = self.app.amqp.queues[queue](self._worker.default_channel)
        for _ in ids:
            assert bound.get() is not None
        assert self.waiting.unacknowledged() >= set(ids)
        return ids

    def left(self, *gone: AgentReport | None, others: tuple[AgentReport | None, ...] = ()) -> Any:
        return self.redelivery.bring_back(STATE, gone=gone, others=others)

    def close(self) -> None:
        for channel in list(self._worker.transport.channels or ()):
            channel.do_restore = False  # as SIGKILL leaves it
        self._worker.release()
        self.broker.close()
        self.app.close()


@pytest.fixture
def held(redis_broker_url: str) -> Iterator[Held]:
    made = Held(redis_broker_url)
    yield made
    made.close()


def running(*ids: str) -> AgentReport:
    return AgentReport(running=tuple(RunningJob(task_id=one, task="x.y", since=0.0) for one in ids))


def test_those_that_it_named_and_no_others(held: Held) -> None:
    first, second = held.taken(2)
    assert held.left(running(first, "ended-long-ago")) == (first,)
    assert held.waiting.unacknowledged() == {second}
    assert held.waiting.everything("jobs") == {first}
    assert held.left(running(first)) == ()
    assert held.waiting.everything("jobs") == {first}


def test_those_that_nobody_else_has(held: Held) -> None:
    mine, theirs = held.taken(2)
    free = held.taken(1, "x.free")
    assert held.left(None, others=(AgentReport(reserved=1),)) is None
    assert held.left(None, others=(running(theirs),)) == (mine,)
    assert held.asked == {"jobs"}
    assert held.waiting.unacknowledged() == {theirs, *free}


@pytest.mark.parametrize("strangers", [["legacy@host"], None])
def test_not_what_a_consumer_without_a_guard_may_have(held: Held, strangers: list[str] | None) -> None:
    (taken,) = held.taken(1)
    held.strangers = strangers
    assert held.left(None) is None
    assert held.waiting.unacknowledged() == {taken}
    assert held.left(running(taken)) == (taken,)  # named: no guess


def test_nothing_once_the_gate_may_have_opened(held: Held) -> None:
    """What a living worker has begun since it reported looks like nobody's. Found by the kill harness: such a
    job ran twice."""
    (taken,) = held.taken(1)
    held.is_current = False
    assert held.left(None, others=(running(),)) is None
    assert held.waiting.unacknowledged() == {taken}
    held.is_current = True
    assert held.left(None, others=(running(),)) == (taken,)


def test_by_the_way_it_came(held: Held) -> None:
    """Through an exchange that the one who gives back has never used; and with its priority."""
    (bound,) = held.taken(1, queue="bound", routing_key="orders.new", priority=6)
    fresh = Broker(held.app)
    redelivery = Redelivery(
        app=held.app,
        broker=fresh,
        is_blocked=lambda *_: True,
        strangers=lambda _: [],
        is_current=lambda _: True,
    )
    assert redelivery.bring_back(STATE, gone=[None], others=[]) == (bound,)
    fresh.close()
    assert held.waiting.everything("bound") == {bound}


def test_a_message_says_that_it_comes_again(held: Held) -> None:
    (taken,) = held.taken(1)
    held.left(None)
    with held.app.connection_for_read() as connection:
        message = held.app.amqp.queues["jobs"](connection.default_channel).get()
        assert message is not None
        assert message.headers["id"] == taken
        assert message.headers["redelivered"] is True
        message.ack()


def test_a_broker_that_is_away_is_asked_again(held: Held) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        app = Celery("away", broker=f"redis://127.0.0.1:{closed.getsockname()[1]}/0", set_as_current=False)
    broker = Broker(app)
    redelivery = Redelivery(
        app=app, broker=broker, is_blocked=lambda *_: True, strangers=lambda _: [], is_current=lambda _: True
    )
    assert redelivery.bring_back(STATE, gone=[None], others=[]) is None
    broker.close()
    app.close()


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "7",
        "[]",
        '[{"properties": {}}]',
        '[null, "", "jobs"]',
        '[{"properties": []}, "", "jobs"]',
        '[{"properties": {"correlation_id": "b"}}, "", "jobs"]',
        '[{"body": "x", "properties": {"correlation_id": "b", "body_encoding": "base64"}}, "", "jobs"]',
        '[{"properties": {"correlation_id": "b", "delivery_tag": "t"}, "headers": {}}, "", "jobs"]',
        '[{"properties": {"correlation_id": "b"}}, {}, []]',
        "[" * 100_000,
    ],
)
def test_what_is_no_job_is_left_alone_and_hides_none(held: Held, text: str) -> None:
    (job,) = held.taken(1)
    with held.broker.channel() as channel, channel.conn_or_acquire() as client:
        client.hset(channel.unacked_key, "a", text)
    assert held.waiting.unacknowledged() - {"b"} == {job}
    assert held.left(running(job)) == (job,)
    with held.broker.channel() as channel, channel.conn_or_acquire() as client:
        assert client.hexists(channel.unacked_key, "a")


def test_amqp_does_it_by_itself() -> None:
    app = Celery("amqp", broker=f"amqp://127.0.0.1:{free_port()}//", set_as_current=False)
    broker = Broker(app)
    redelivery = Redelivery(
        app=app, broker=broker, is_blocked=lambda *_: True, strangers=lambda _: [], is_current=lambda _: True
    )
    assert redelivery.bring_back(STATE, gone=[None], others=[]) == ()
    broker.close()
    app.close()
