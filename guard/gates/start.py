"""The start gate: the last look, right before user code, on every path that leads there.

What is wrapped is `task.run`: the tracer, `task()`, `apply()`, map, starmap, chunks and inline error
callbacks all end there, while `__call__`, `before_start` and signals are each skipped on some path
(F2 to F4, F8, F9).

A call inside a running job is part of that job: its steps, its inline error callbacks, items of a
map. The window was closed before or after the job as a whole, never in the middle of it.
"""

from __future__ import annotations

from functools import wraps
from time import clock_gettime_ns, perf_counter_ns
from typing import TYPE_CHECKING, Any

from guard.clock import BOOT, boot_ms
from guard.core.counts import Count
from guard.core.headers import BYPASS_HEADER, FINISHING_HEADER
from guard.core.operations import mask_of
from guard.core.process_figures import Asked
from guard.core.word import DEADLINE_MASK, GATE_SHIFT
from guard.gates.classify import CARRIERS
from guard.gates.inner_celery import exit_begun, task_stack
from guard.gates.not_started import Interrupted, NotStarted
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
    if not runtime.is_worker:
        _ask_before_apply(task, runtime, gate)
    task.run = _gated(task, runtime, gate)  # type: ignore[method-assign]


_UNKNOWN_YET = -1
_BY_JOB = -2


def _gated(  # noqa: C901 - one function: each job goes through it, and a call costs more than what is asked
    task: Task[..., Any], runtime: Runtime, gate: PublishGate
) -> Callable[..., Any]:
    run = task.run
    name = task.name
    known_mask = _UNKNOWN_YET

    def mask_now(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
        """The mask of this job; kept when it is the same for every job of the task. Worked out at the
        first job, not before, so that rules may be added after the app was finalized."""
        nonlocal known_mask
        if known_mask == _UNKNOWN_YET:
            by_job = name in CARRIERS or gate.classifier.by_queue(name)
            known_mask = _BY_JOB if by_job else mask_of(gate.classifier.task(name))
        return known_mask if known_mask != _BY_JOB else mask_of(_kind_now(task, gate, args, kwargs))

    @wraps(run)
    def guarded_run(*args: Any, **kwargs: Any) -> Any:
        mask = known_mask if known_mask >= 0 else mask_now(args, kwargs)
        if not mask:
            with gate.body_of_unguarded():
                return run(*args, **kwargs)
        slot = runtime.child_slot or _slot_of_thread(name, runtime)
        if slot is None:
            _without_slot(name, runtime, gate, args, kwargs)
            return run(*args, **kwargs)
        if slot.busy:
            return run(*args, **kwargs)
        words, base = slot.words, slot.base
        words[base] = 1  # SlotState.ENTERING, as a plain number: this and the next lines run for every job
        word = words[0]
        now = clock_gettime_ns(BOOT) // 1_000_000  # `boot_ms`, without the call
        if (mask >> (word >> GATE_SHIFT) & 1 or now >= word & DEADLINE_MASK) and not _may_start(
            task, gate, args, kwargs
        ):
            return _closed(slot, task, gate, args, kwargs, run)
        if slot.named:
            slot.name(task.request.id)
        words[base + 3] = now
        words[base] = 2  # SlotState.RUNNING, last, so that a reader never sees the job before this one
        slot.busy = True
        outcome = 4  # SlotState.FAILED
        try:
            result = run(*args, **kwargs)
            outcome = 3  # SlotState.COMPLETED
            return result
        except BaseException as error:
            outcome = _left_by(error, slot, task, gate)
            raise
        finally:
            slot.busy = False
            words[base] = outcome
            if exit_begun[0]:
                _outlived(slot)

    setattr(guarded_run, _MARK, True)
    return guarded_run


def _left_by(error: BaseException, slot: Slot, task: Task[..., Any], gate: PublishGate) -> int:
    """The state of the slot after a job raised. Raises another error when the job was asked to stop."""
    if slot.words[slot.base + 4] != slot.words[slot.base + 3]:
        return SlotState.FAILED
    from guard.gates.interrupted import left_by  # no job of most processes ever gets here

    try:
        return left_by(error, slot, task)
    except Interrupted:
        gate.job_stopped(task)
        raise


def _outlived(slot: Slot) -> None:
    from guard.gates.interrupted import outlived  # as above

    outlived(slot)


def _without_slot(
    name: str, runtime: Runtime, gate: PublishGate, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """A call where no jobs run. Returns when it may go on."""
    if not runtime.is_worker:
        gate.check_call(name, args, kwargs)
    elif not runtime.is_pool_child:
        # An error callback that Celery calls in the worker's main process, on behalf of a job that has
        # already run (F9).
        runtime.count(Count.BYPASSED, gate.classifier.job(name, args, kwargs).name)
    elif not _is_nested(gate):  # no page reached this process: it cannot know, so it does not start
        raise NotStarted(name)


def _is_nested(gate: PublishGate) -> bool:
    """Whether this call is made inside a job: by its body, or by Celery on its behalf afterwards."""
    return len(task_stack.stack) > 1 and not gate.in_body_of_unguarded


def _kind_now(
    task: Task[..., Any], gate: PublishGate, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> OperationKind:
    delivery = task.request.delivery_info or {}
    return gate.classifier.job(task.name, args, kwargs, queue=delivery.get("routing_key"))


def _ask_before_apply(task: Task[..., Any], runtime: Runtime, gate: PublishGate) -> None:
    """`apply()`, and `apply_async` of an eager app, run the job here: refuse them like a publish, with
    an exception instead of a failed result."""
    inner: Any = task
    if getattr(inner.apply, _MARK, False):
        return
    apply = inner.apply

    @wraps(apply)
    def guarded_apply(args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        if not runtime.is_worker and not task_stack.stack:
            gate.check_call(task.name, args or (), kwargs or {})
        return apply(args, kwargs, **options)

    setattr(guarded_apply, _MARK, True)
    inner.apply = guarded_apply


def _slot_of_thread(name: str, runtime: Runtime) -> Slot | None:
    try:
        return runtime.slot()
    except IndexError:  # more threads run jobs than the page has slots
        raise NotStarted(name) from None


def _may_start(
    task: Task[..., Any], gate: PublishGate, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> bool:
    """Whether this job starts although its operation is blocked: the window is not about it, or it is a step
    that goes on while a normal window drains. Asked again here: what the pool had already when the gate
    closed, nobody else has looked at. The slot says ENTERING meanwhile, so that no gate counts as closed
    between this answer and the start."""
    begun = perf_counter_ns()
    starts = gate.passing.goes_on(task.request.get(FINISHING_HEADER)) or not gate.scoping.covers_start(
        lambda: _kind_now(task, gate, args, kwargs), task, kwargs
    )
    gate.runtime.figures.decided(Asked.START, perf_counter_ns() - begun)
    return starts


def _closed(
    slot: Slot,
    task: Task[..., Any],
    gate: PublishGate,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    run: Callable[..., Any],
) -> Any:
    """The gate is closed: unless this very call may pass, nothing starts."""
    slot.words[slot.base] = SlotState.NOT_STARTED
    kind = gate.classifier.job(task.name, args, kwargs)
    if not _is_nested(gate) and not gate.passing.starts_by_bypass(
        task.request.get(BYPASS_HEADER), kind, task
    ):
        if task.request.called_directly or task.request.is_eager:
            gate.check_call(task.name, args, kwargs)
        gate.job_not_started(kind, task)
        raise NotStarted(task.name)
    if slot.named:
        slot.name(task.request.id)
    slot.words[slot.base + 3] = boot_ms()
    slot.exempt()
    slot.words[slot.base] = SlotState.RUNNING
    slot.busy = True
    try:
        return run(*args, **kwargs)
    finally:
        slot.busy = False
        slot.words[slot.base] = SlotState.IDLE
