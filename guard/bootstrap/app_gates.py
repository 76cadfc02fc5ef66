"""The gates on one app: publish at once, start and receipt on each task as it is made; and off again.

What is taken is `send_task`, the two ways to make a task, the canvas (`guard.gates.canvas`), and of each task
`run`, `apply`, `Strategy` and `Request`. Each had its own value or none of its own; `take_off` restores that.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from guard.core.headers import FINISHING_HEADER
from guard.gates.aborting import check_continuation
from guard.gates.canvas import guard_canvas, unguard_canvas
from guard.gates.inner_celery import forget_task, is_finalized
from guard.gates.request import guarded_request_class, is_guarded_request
from guard.gates.start import is_gated, put_start_gate
from guard.worker.selftest import PROBE
from guard.worker.steps import resident_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery, Task

    from guard.gates.accepting import Accepting
    from guard.gates.publish import PublishGate
    from guard.gates.runtime import Runtime
    from guard.worker.resident import Resident

__all__ = ["AppGates"]

_POSITIONAL = ("name", "args", "kwargs")
"""The first arguments of `send_task`."""
_NOT_THERE = object()


class AppGates:
    """The gates of one app.

    Args:
        accepting: enters each job in the ledger; None where none is kept.
    """

    def __init__(
        self, app: Celery, *, runtime: Runtime, gate: PublishGate, accepting: Accepting | None
    ) -> None:
        self._app = app
        self._runtime = runtime
        self._gate = gate
        self._accepting = accepting
        self._resident: Resident | None = None
        self._steps: tuple[Any, ...] = ()
        self._found: list[tuple[object, dict[str, Any]]] = []
        """What each object had of its own under the names that were taken."""

    def put_on(self) -> None:
        """Publish and start gates, on what is there and on what comes. Receipts need `attach`."""
        app = self._app
        app.task(name=PROBE, shared=False, ignore_result=True)(_probe)
        self._remember(app, "send_task", "_task_from_fun", "register_task")
        app.send_task = self._asking(app.send_task)  # type: ignore[method-assign]
        guard_canvas(app, self._gate)
        inner: Any = app
        inner._task_from_fun = self._gating(inner._task_from_fun)  # noqa: SLF001 - @app.task, shared_task
        inner.register_task = self._gating(inner.register_task)
        app.on_after_finalize.connect(self._finalized, weak=False)
        if is_finalized(app):
            self.put_on_tasks()

    def attach(self, resident: Resident) -> None:
        """Have every worker of the app carry this resident, whose receipt gate tasks get."""
        self._resident = resident
        self._steps = resident_steps(resident)
        guard_step, cordon_step = self._steps
        self._app.steps["worker"].add(guard_step)
        self._app.steps["consumer"].add(cordon_step)

    def put_on_tasks(self) -> None:
        """On every task that is registered now; those that have theirs are left alone."""
        for task in list(self._app.tasks.values()):
            self._put_on_task(task)

    def take_off(self) -> None:
        """App and tasks are as they were found. Not while a worker of it runs."""
        app = self._app
        for where, step in zip(("worker", "consumer"), self._steps, strict=True):
            app.steps[where].discard(step)
        app.on_after_finalize.disconnect(self._finalized)
        unguard_canvas(app)
        forget_task(app, PROBE)
        for owner, had in reversed(self._found):
            mine = vars(owner)
            for name, value in had.items():
                if value is _NOT_THERE:
                    mine.pop(name, None)
                else:
                    mine[name] = value
        self._found.clear()
        self._resident = None

    def _remember(self, owner: object, *names: str) -> None:
        had = vars(owner)
        self._found.append((owner, {name: had.get(name, _NOT_THERE) for name in names}))

    def _asking(self, send_task: Any) -> Any:
        admit = self._gate.admit
        if self._accepting is not None:
            send_task = functools.partial(self._accepting.publish, send_task)

        @functools.wraps(send_task)
        def guarded_send_task(*given: Any, **options: Any) -> Any:
            # No parameter has a name, for Python compares each option with each such name, at every publish.
            if len(given) < len(_POSITIONAL):
                given = _by_position(given, options)
            stands_for = admit(given[0], given[1], given[2], options)
            if stands_for is not None:
                return self._app.AsyncResult(stands_for)
            try:
                return send_task(*given, **options)
            except BaseException:
                self._gate.passing.step_is_over((options.get("headers") or {}).get(FINISHING_HEADER))
                raise

        return guarded_send_task

    def _gating(self, make_task: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(make_task)
        def gating(*args: Any, **options: Any) -> Any:
            task = make_task(*args, **options)
            # Now, not when the app is finalized: a direct or eager call of this task does not finalize it.
            self._put_on_task(task)
            return task

        return gating

    def _finalized(self, sender: Celery, **_signal: Any) -> None:
        del sender
        self.put_on_tasks()

    def _put_on_task(self, task: Task[..., Any]) -> None:
        check_continuation(task)
        if not (is_gated(task) and is_guarded_request(task.Request)):
            self._remember(task, "run", "apply", "Strategy", "Request")
        put_start_gate(task, self._runtime, self._gate)
        if self._resident is None or is_guarded_request(task.Request):
            return
        receipt = self._resident.receipt
        strategy = functools.partial(receipt.strategy, task.Strategy)
        strategy.__guard_receipt__ = receipt  # type: ignore[attr-defined]
        task.Strategy = strategy  # type: ignore[assignment]
        task.Request = guarded_request_class(task.Request, receipt)  # type: ignore[assignment]


def _probe() -> None:
    """The self-test's job: it must never run."""


def _by_position(given: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of `send_task` as `Task.apply_async` gives them: the first three without their names."""
    if not given and "name" not in options:
        raise TypeError("send_task() needs 'name', the name of a task")
    return (*given, *(options.pop(key, None) for key in _POSITIONAL[len(given) :]))
