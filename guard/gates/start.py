"""The start gate: the last look, right before user code, on every path that leads there.

What is wrapped is `task.run`: the tracer, `task()`, `apply()`, map, starmap, chunks and inline error
callbacks all end there, while `__call__`, `before_start` and signals are each skipped on some path
(F2 to F4, F8, F9).

A call inside a running job is part of that job: its steps, its inline error callbacks, items of a
map. The window was closed before or after the job as a whole, never in the middle of it.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from guard.clock import boot_ms
from guard.core.account import Count
from guard.core.operations import mask_of
from guard.core.word import DEADLINE_MASK, GATE_SHIFT
from guard.gates.classify import CARRIERS
from guard.gates.inner_celery import task_stack
from guard.gates.not_started import NotStarted
from guard.gates.page import SlotState

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Task

    from guard.core.operations import OperationKind
    from guard.gates.page import Slot
    from guard.gates.publish import PublishGate
    from guard.gates.runtime import Runtime

__all__ = ["is_gated", "put_start_gate"]

_MARK = "__guard_start_gate__"


def is_gated(task: Task[..., Any]) -> bool:
    """Whether the outermost layer of `task.run` is the gate."""
    return getattr(task.run, _MARK, False)


def put_start_gate(task: Task[..., Any], runtime: Runtime, gate: PublishGate) -> None:
    """Wrap `task.run`, once. A layer that Celery put over ours (autoretry) gets a gate of its own."""
    if is_gated(task):
        return
    if task.name in CARRIERS:
        task.run = _gated(task, runtime, gate, kind=None)  # type: ignore[method-assign]
        return
    kind = gate.classifier.task(task.name)
    task.run = _gated(task, runtime, gate, kind=kind) if kind.guarded else _watched(task, gate)  # type: ignore[method-assign]


def _gated(
    task: Task[..., Any], runtime: Runtime, gate: PublishGate, kind: OperationKind | None
) -> Callable[..., Any]:
    run = task.run
    fixed_mask = mask_of(kind) if kind else None
    name = task.name
    stack = task_stack

    @wraps(run)
    def guarded_run(*args: Any, **kwargs: Any) -> Any:
        slot = runtime.slot()
        if len(stack.stack) > 1 or (slot is not None and slot.busy):
            return run(*args, **kwargs)
        if slot is None:
            if not runtime.is_worker:
                gate.check_call(name, args, kwargs)
            elif runtime.is_pool_child:  # no page reached this child: it cannot know, so it does not start
                raise NotStarted(name)
            else:
                # An error callback that Celery calls in the worker's main process, on behalf of a
                # job that has already run (F9).
                runtime.count(Count.BYPASSED, gate.classifier.job(name, args, kwargs).name)
            return run(*args, **kwargs)
        mask = fixed_mask if fixed_mask is not None else mask_of(gate.classifier.job(name, args, kwargs))
        words, base = slot.words, slot.base
        words[base] = 1  # SlotState.ENTERING, as a plain number: this line and the next two run for every job
        word = words[0]
        now = boot_ms()
        if mask >> (word >> GATE_SHIFT) & 1 or (mask and now >= word & DEADLINE_MASK):
            return _not_started(slot, task, gate, args, kwargs, run)
        slot.enter_running(task.request.id, now)
        return _run_in(slot, run, args, kwargs)

    setattr(guarded_run, _MARK, True)
    return guarded_run


def _watched(task: Task[..., Any], gate: PublishGate) -> Callable[..., Any]:
    run = task.run

    @wraps(run)
    def unguarded_run(*args: Any, **kwargs: Any) -> Any:
        with gate.body_of_unguarded():
            return run(*args, **kwargs)

    setattr(unguarded_run, _MARK, True)
    return unguarded_run


def _run_in(slot: Slot, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    slot.busy = True
    outcome = SlotState.FAILED
    try:
        result = run(*args, **kwargs)
        outcome = SlotState.COMPLETED
        return result
    finally:
        slot.busy = False
        slot.words[slot.base] = outcome


def _not_started(
    slot: Slot,
    task: Task[..., Any],
    gate: PublishGate,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    run: Callable[..., Any],
) -> Any:
    """The gate is closed: unless this very job may pass, it does not start."""
    if gate.bypassed(task.request.get("guard_bypass"), gate.classifier.job(task.name, args, kwargs)):
        slot.enter_running(task.request.id, boot_ms())
        return _run_in(slot, run, args, kwargs)
    slot.words[slot.base] = SlotState.NOT_STARTED
    if task.request.called_directly or task.request.is_eager:
        gate.check_call(task.name, args, kwargs)
    raise NotStarted(task.name)
