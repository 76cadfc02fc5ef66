"""One decision: the look that every guarded job takes in its pool child before user code runs."""

from __future__ import annotations

import os
import time
import uuid
from statistics import median
from typing import TYPE_CHECKING, Any

from celery._state import _task_stack

from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Fleet
from benchmarks.numbers import percentile
from guard.clock import boot_ms
from guard.core.modes import Gate
from guard.core.operations import mask_of
from guard.core.word import admits
from guard.gates.page import SharedPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Task

    from guard import Guard

__all__ = ["measure"]

_CALLS = 200
"""Calls per reading: the clock itself costs some 50 ns."""


def measure(*, quick: bool) -> Result:
    """Time the real wrapper around a job that does nothing, minus that job alone."""
    readings = 500 if quick else 3000
    with Fleet() as fleet:
        app, guard = fleet.arm(0, guarded=True).app()
        assert guard is not None
        app.finalize()
        task: Any = app.tasks["noop.nothing"]
        _play_pool_child(guard, task)
        bare = task.run.__wrapped__
        wrapped = _readings(task.run, readings)
        alone = _readings(bare, readings)
        looks = _readings(_admits(guard, task), readings)
        with fleet.valkey.client() as client:
            client.set("word", "1")
            gets = _readings(lambda: client.get("word"), readings, calls=1)
    added = [ours - median(alone) for ours in wrapped]
    get = percentile(gets, 0.5)
    figures = [
        Figure(
            name=f"{what}, {label}",
            value=value,
            unit="µs",
            beside=get if share == 0.5 else percentile(gets, share),
            beside_is="one Redis GET",
            ratio=value / (get if share == 0.5 else percentile(gets, share)),
            target=target,
        )
        for what, values, share, label, target in (
            ("announce, look, enter, leave", added, 0.5, "p50", at_most(1.0)),
            ("announce, look, enter, leave", added, 0.99, "p99", None),
            ("`admits` and the clock alone", looks, 0.5, "p50", at_most(1.0)),
        )
        for value in (percentile(values, share),)
    ]
    return Result(
        title="One decision in a pool child",
        figures=figures,
        notes=[
            f"the wrapped `task.run` of a no-op job minus the bare function ({median(alone):.3f} µs)",
            f"mean of {_CALLS} calls per reading, {readings:,} readings",
            "GET over a unix socket, server on the same machine; over a network it is slower",
        ],
    )


def _play_pool_child(guard: Guard, task: Task[..., Any]) -> None:
    """Make this process what a pool child is while its tracer runs a job: page open, slot, request."""
    runtime = guard._parts.runtime
    runtime.page = SharedPage()
    runtime.page.write(Gate.OPEN, 1, boot_ms() + 3_600_000)
    runtime.is_worker = True
    runtime.become_pool_child(0)
    _task_stack.push(task)
    task.push_request(
        id=str(uuid.uuid4()), called_directly=False, is_eager=False, hostname=os.uname().nodename
    )


def _admits(guard: Guard, task: Task[..., Any]) -> Callable[[], object]:
    page = guard._parts.runtime.page
    assert page is not None
    words, mask = page.words, mask_of(guard._parts.gate.classifier.task(task.name))
    return lambda: admits(words[0], boot_ms(), mask)


def _readings(call: Callable[[], object], number: int, calls: int = _CALLS) -> list[float]:
    """Microseconds per call."""
    clock, times, block = time.perf_counter_ns, [], range(calls)
    for _ in range(number):
        begun = clock()
        for _ in block:
            call()
        times.append((clock() - begun) / calls / 1000)
    return times
