"""What a worker receives: its headers, properties and body, as the gates read them before anything of it runs.

Celery itself has looked at the message first: it takes the task's name from the headers, or from the body of
protocol 1, and gives only messages of known tasks to their handler. So the name and the id are there.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.exceptions import InvalidTaskError
from hypothesis import strategies as st
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.message import Message

from guard.core.headers import COPY_HEADER, FINISHING_HEADER, PUBLICATION_HEADER
from guard.core.modes import Gate
from guard.core.scope import EVERYTHING, Scope
from guard.gates.copies import Copies
from guard.gates.messages import QueueNames
from guard.gates.page import SharedPage
from guard.gates.receipt import ReceiptGate
from guard.store.memory import MemoryParkedIndex
from guard.testing import in_memory
from tests.fuzz.messages import HEADERS
from tests.fuzz.strange import any_json, damaged, odd_values
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_OURS = ("guard_bypass", FINISHING_HEADER, COPY_HEADER, PUBLICATION_HEADER, "guard_parked", "redelivered")
_headers = st.builds(
    lambda right, ours: {**right, **ours},
    st.just(HEADERS)
    | damaged({name: value for name, value in HEADERS.items() if name not in {"id", "task"}}),
    st.dictionaries(
        st.sampled_from(_OURS),
        odd_values | st.just({"park_id": "p", "copy": "c"}) | st.just("w/t"),
        max_size=4,
    ),
)
_SCOPES = (
    EVERYTHING,
    Scope(tenant_key="header:tenant", tenants=("acme",)),
    Scope(tenant_key="argument:tenant", tenants=("acme",)),
    Scope(crossing=1.0, queues=("images",)),
)
_bodies = st.one_of(
    st.just([["a.jpg"], {"tenant": "acme"}, {}]),
    any_json,
    st.just({"id": "t1", "task": "fuzz.caption", "args": [], "kwargs": {}}),
    damaged({"id": "t1", "task": "celery.map", "args": [1], "kwargs": {"tenant": "acme"}, "retries": 0}),
)
_TASKS = ("fuzz.caption", "celery.map", "celery.chord_unlock")


class _Consumer:
    """As much of Celery's consumer as the gate asks."""

    hostname = "celery@fuzz"
    connection_errors = ()

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.task_consumer = None


class _Cordon:
    """Some queues are held, some are not."""

    def covers(self, queue: str) -> bool:
        return queue == "held"


@contextmanager
def _ready(_place: Place) -> Iterator[Check]:
    app = Celery("fuzz", broker="memory://", set_as_current=False)

    @app.task(name="fuzz.caption", shared=False)
    def caption(*_: object) -> None:
        """Never runs."""

    app.finalize()
    with in_memory(app, settings={"GUARD_SECRET_KEY": "a key of sixteen"}) as made:
        wiring: Any = made._memory
        with wiring.memory_runtime.as_worker():
            wiring.memory_runtime.page = SharedPage()
            consumer: Any = _Consumer(app)
            receipt = ReceiptGate(
                runtime=wiring.runtime,
                gate=wiring.gate,
                cordon=_Cordon(),
                lot=wiring.lot,
                copies=Copies(wiring.stores.index),
                names=QueueNames(),
                announce=wiring.announcer.announce,
            )
            receipt.consumer = consumer
            yield lambda case: _receive(app, receipt, wiring, case)
            wiring.memory_runtime.page = None


def _receive(app: Celery, receipt: ReceiptGate, wiring: Any, case: dict[str, Any]) -> str:
    page = wiring.runtime.page
    page.write(
        Gate.EMERGENCY if case["scope"] == 0 else Gate.NORMAL,
        5,
        2**40,
        bypass=True,
        scope=_SCOPES[case["scope"]],
    )
    name, headers = case["task"], dict(case["headers"])
    if case["protocol"] == 2:
        headers["task"] = name
    else:
        headers.pop("task", None)
    broker = wiring.lot._broker
    queue = wiring.settings.guard_parked_queue
    with broker.channel() as channel:
        channel.queue_declare(queue)
        channel.queue_purge(queue)
    said: list[str] = []

    def handle(*_: object, **__: object) -> None:
        said.append("handed on")

    message = Message(
        body=json.dumps(case["body"]).encode(),
        headers=headers,
        properties=case["properties"],
        delivery_info=case["delivery"],
        delivery_tag="d",
        content_type="application/json",
        content_encoding="utf-8",
        channel=None,
        accept={"application/json"},
    )
    handler = receipt.strategy(lambda *_, **__: handle, app.tasks[name], app, receipt.consumer)
    if case["protocol"] == 1 and not (isinstance(case["body"], dict) and case["body"].get("task") == name):
        return "Celery does not know it"
    before = wiring.runtime.counts.copy()
    wiring.lot._index = receipt.copies._index = MemoryParkedIndex()
    try:
        handler(message, None, lambda *_: said.append("acknowledged"), lambda *_: said.append("requeued"), [])
    except (ContentDisallowed, DecodeError, InvalidTaskError) as error:
        assert not said, "a message that Celery drops was dealt with first"
        return type(error).__name__
    parked = broker.length(queue)
    assert len(said) == 1, f"a message was dealt with {len(said)} times"
    dropped = sum((wiring.runtime.counts - before).values()) and not parked
    assert parked == (said == ["acknowledged"]) or (said == ["acknowledged"] and dropped), (
        "a message is lost, or doubled"
    )
    if case["scope"] == 0 and case["task"] == "fuzz.caption" and FINISHING_HEADER not in headers:
        assert said != ["handed on"], "a guarded job was handed on while closed"
    return f"{said[0]}{', parked' if parked else ''}"


TARGET = Target(
    name="message_headers",
    promise="a message is parked, put back or handed on, exactly one of them; never an exception in the worker",
    cases=st.fixed_dictionaries(
        {
            "task": st.sampled_from(_TASKS),
            "protocol": st.sampled_from([2, 2, 2, 1]),
            "headers": _headers,
            "properties": st.just({"correlation_id": "t1"})
            | damaged({"correlation_id": "t1", "delivery_tag": "d", "priority": "3"}),
            "delivery": st.sampled_from(
                [{"exchange": "", "routing_key": "images"}, {"exchange": "", "routing_key": "held"}]
            )
            | damaged({"exchange": "", "routing_key": "images", "redelivered": True}),
            "body": _bodies,
            "scope": st.sampled_from([0, 0, 1, 2, 3]),
        }
    ),
    ready=_ready,
    seeds=[
        {
            "task": "fuzz.caption",
            "protocol": 2,
            "headers": HEADERS,
            "properties": {"correlation_id": "t1"},
            "delivery": {"exchange": "", "routing_key": key},
            "body": [["a.jpg"], {}, {}],
            "scope": 0,
        }
        for key in ("images", "held", "guard.lane.images")
    ],
    few=250,
)
