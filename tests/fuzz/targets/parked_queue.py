"""The parking queue with a message in it that nobody of ours wrote, between two that we did.

On Redis the message lies in the list as bytes; in memory it comes as AMQP does: headers, properties and body.
"""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from celery import Celery
from hypothesis import strategies as st
from redis import Redis

from guard.core.expiry import ExpiryPolicy
from guard.core.headers import PARKED_HEADER
from guard.core.pace import Pace
from guard.fleet.broker import Broker
from guard.fleet.releaser import Releaser, ReleaseResult
from guard.store.memory import MemoryParkedIndex
from tests.fuzz.messages import PARKED, message_headers, parked_payload
from tests.fuzz.strange import as_text, damaged, damaged_bytes, odd_texts, odd_values
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_NAME = "guard.parked"
_FIRST, _LAST = (
    replace(PARKED, task_id="first", park_id="first"),
    replace(PARKED, task_id="last", park_id="last"),
)
_strange_job = replace(PARKED, queue="strange", task_id="strange", operation="image_processing")


@st.composite
def _messages(draw: st.DrawFn) -> bytes:
    """What lies in the list."""
    payload = parked_payload(_strange_job)
    how = draw(st.sampled_from(["header", "header", "payload", "properties", "bytes", "noise", "right"]))
    if how == "header":
        payload["headers"][PARKED_HEADER] = draw(damaged(payload["headers"][PARKED_HEADER]))
    elif how == "payload":
        payload = draw(damaged(payload))
    elif how == "properties":
        payload["properties"] = draw(damaged(payload["properties"]) | odd_values)
        header = payload["headers"][PARKED_HEADER]
        header["properties"] = draw(damaged(header["properties"]))
    elif how == "bytes":
        return draw(damaged_bytes(json.dumps(payload).encode()))
    elif how == "noise":
        return draw(
            st.binary(max_size=30) | odd_texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
        )
    return draw(as_text(payload)).encode("utf-8", "surrogatepass")


def _releaser(broker: Broker) -> Releaser:
    return Releaser(
        broker=broker,
        queue=_NAME,
        index=MemoryParkedIndex(),
        pace=Pace(),
        order=("image_processing",),
        policy=ExpiryPolicy.EXTEND,
        known_tasks=lambda: {PARKED.task},
        known_queue=lambda name: name in {"images", "strange"},
        count=lambda *_: None,
        announce=lambda *_, **__: None,
    )


def _judge(result: ReleaseResult, left: int, gone_on: int) -> str:
    assert result.released == gone_on, "the release miscounts"
    assert left + gone_on == 3, "a message is lost, or doubled"
    assert not result.stopped
    assert len(result.malformed) + sum(result.waiting.values()) == left, "a message stays and is not told of"
    return f"{gone_on} given back; {', '.join(sorted(one[:60] for one in result.malformed)) or dict(result.waiting)}"[
        :90
    ]


@contextmanager
def _ready(place: Place) -> Iterator[Check]:
    number = place.valkey.fresh_db()
    app = Celery("fuzz", broker=place.valkey.broker_url(number), set_as_current=False)
    memory = Celery("fuzz-memory", broker="memory://", set_as_current=False)
    brokers = Broker(app), Broker(memory)
    numbers = count()
    with closing(Redis.from_url(place.valkey.url(number))) as client:

        def check(case: dict[str, Any]) -> str:
            if case["on"] == "redis":
                return _on_redis(client, brokers[0], bytes(case["message"]))
            return _in_memory(brokers[1], f"{_NAME}.{next(numbers)}", case)

        try:
            yield check
        finally:
            for broker in brokers:
                broker.close()
            app.close()
            memory.close()


def _on_redis(client: Redis, broker: Broker, strange: bytes) -> str:
    client.flushdb()
    good = [json.dumps(parked_payload(job)).encode() for job in (_FIRST, _LAST)]
    for message in (good[0], strange, good[1]):
        client.lpush(_NAME, message)
    result = _releaser(broker).run(lambda _: "")
    left: Any = client.lrange(_NAME, 0, -1)
    assert all(message == strange for message in left), "another message than the strange one stays"
    lists: Any = [key for key in client.scan_iter() if key != _NAME.encode() and client.type(key) == b"list"]
    on: Any = [message for key in lists for message in client.lrange(key, 0, -1)]
    ids = [json.loads(message)["headers"].get("id") for message in on]
    assert {"first", "last"} <= {one for one in ids if isinstance(one, str)}, "a good job was kept back"
    return _judge(result, len(left), len(on))


def _in_memory(broker: Broker, name: str, case: dict[str, Any]) -> str:
    del name
    with broker.channel() as channel:
        for queue in (_NAME, "images", "strange"):
            channel.queue_declare(queue)
            channel.queue_purge(queue)
        for headers in (message_headers(_FIRST), case["headers"], message_headers(_LAST)):
            message = channel.prepare_message(
                "[]", content_type="application/json", content_encoding="utf-8", headers=headers
            )
            if headers is case["headers"]:
                message["properties"].update(case["properties"])
            channel.basic_publish(message, exchange="", routing_key=_NAME)
    result = _releaser(broker).run(lambda _: "")
    with broker.channel() as channel:
        left, on = channel._size(_NAME), channel._size("images") + channel._size("strange")
    return _judge(result, left, on)


TARGET = Target(
    name="parked_queue",
    promise="a malformed message stays and is told of; it is not lost, and keeps no other from its release",
    cases=st.one_of(
        st.fixed_dictionaries({"on": st.just("redis"), "message": _messages()}),
        st.fixed_dictionaries(
            {
                "on": st.just("memory"),
                "headers": damaged(message_headers(_strange_job)) | st.sampled_from([{}, None]),
                "properties": st.just({}) | damaged({"priority": 0, "correlation_id": "t"}),
            }
        ),
    ),
    ready=_ready,
    seeds=[
        {"on": "redis", "message": json.dumps(parked_payload(_strange_job)).encode()},
        {"on": "memory", "headers": message_headers(_strange_job), "properties": {}},
    ],
    few=150,
)
