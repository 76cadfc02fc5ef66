"""The self-test of a worker: is every gate reached, in this version of Celery, with these tasks?

The gates hang on Celery's inner calls. A new release that no longer makes one of them would leave a
gate that never closes, without any error. So before a worker takes guarded work it sends a probe job
through each gate, with the page closed, and looks whether the probe's body ran.
"""

from __future__ import annotations

import contextlib
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from celery.app.trace import build_tracer
from celery.exceptions import TaskRevokedError
from celery.utils.imports import symbol_by_name
from kombu.message import Message

from guard.errors import SelfTestFailed
from guard.gates.inner_celery import create_request_cls, trace_log
from guard.gates.page import MOST_SLOTS
from guard.gates.receipt import ReceiptGate
from guard.gates.request import is_guarded_request
from guard.gates.start import is_gated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Celery, Task

    from guard.gates.runtime import Runtime

__all__ = ["PROBE", "run_self_test"]

PROBE = "guard.probe"
"""A task of the guard's own that nobody publishes; its body must never run."""


def run_self_test(app: Celery, runtime: Runtime, receipt: ReceiptGate) -> None:
    """Send a probe through the gates. The page must be closed, as it is before the first renewal.

    Raises:
        SelfTestFailed: naming every gate that was not reached.
    """
    failures = [*_ungated(app), *_start_gate(app, runtime), *_receipt_gate(app, receipt)]
    if failures:
        raise SelfTestFailed(*failures)


def _ungated(app: Celery) -> Iterator[str]:
    for name, task in sorted(app.tasks.items()):
        if not is_gated(task):
            yield f"task {name} has no start gate"
        if not is_guarded_request(task.Request):
            yield f"task {name} has no receipt gate"


def _start_gate(app: Celery, runtime: Runtime) -> Iterator[str]:
    """The tracer must end at the gate, not at the body."""
    page = runtime.page
    if page is None:
        yield "there is no shared page"
        return
    probe: Task[..., Any] = app.tasks[PROBE]
    before = runtime.child_slot, runtime.jobs_run_here
    runtime.child_slot, runtime.jobs_run_here = page.slot(MOST_SLOTS - 1), True
    trace_log.disabled = True  # "Task guard.probe ignored" would only puzzle people
    try:
        outcome = build_tracer(probe.name, probe, app=app)(
            str(uuid.uuid4()), [], {}, {"id": str(uuid.uuid4())}
        )
    finally:
        trace_log.disabled = False
        runtime.child_slot, runtime.jobs_run_here = before
    state = getattr(outcome.info, "state", "SUCCESS")
    if state != "IGNORED":
        yield f"the start gate is not reached: the probe ended as {state}"


def _receipt_gate(app: Celery, receipt: ReceiptGate) -> Iterator[str]:
    """A request that goes to the pool must be stopped first."""
    probe: Task[..., Any] = app.tasks[PROBE]
    submitted: list[Any] = []
    pool = SimpleNamespace(apply_async=lambda *args, **_: submitted.append(args))
    set_aside: list[Any] = []
    base = symbol_by_name(probe.Request)
    spied = type("Probe", (base,), {"guard_set_aside": lambda request: set_aside.append(request)})  # noqa: PLW0108 - a method, not the list's own
    request_class = create_request_cls(spied, probe, pool, "guard", None, app=app)
    with contextlib.suppress(TaskRevokedError):
        request_class(_message(), task=probe, app=app).execute_using_pool(pool)
    if submitted or not set_aside:
        yield "the receipt gate is not reached: the probe went to the pool"
    if not isinstance(getattr(probe.Strategy, "__guard_receipt__", None), ReceiptGate):
        yield "the receipt gate is not reached: messages go to another strategy"
    del receipt


def _message() -> Message:
    return Message(
        body='[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
        content_type="application/json",
        content_encoding="utf-8",
        headers={"id": str(uuid.uuid4()), "task": PROBE, "lang": "py"},
        properties={},
        delivery_info={},
        accept={"application/json", "json"},
    )
