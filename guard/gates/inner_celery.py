"""Everything of Celery's inner side that the guard touches, in one place.

None of it is documented, so it is untyped here (`Any`), pinned by the dependency on one minor
version, and proven at every worker start by the self-test. Whoever moves the guard to a new Celery
begins in this file.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, TypeAlias

import billiard.common
import billiard.einfo
import celery._state
import celery.app.trace
import celery.bootsteps
import celery.canvas
import celery.worker.request
import celery.worker.state

if TYPE_CHECKING:
    from celery import Celery, Task

__all__ = [
    "WORKFLOWS",
    "Consumer",
    "ExceptionWithTraceback",
    "Request",
    "WorkController",
    "active_requests",
    "create_request_cls",
    "exit_begun",
    "finalize",
    "forget_task",
    "hear_sigterm_again",
    "is_configured",
    "is_exiting",
    "is_finalized",
    "is_stopping",
    "registered_task",
    "task_stack",
    "trace_log",
    "worker_state",
]

Consumer: TypeAlias = Any
"""`celery.worker.consumer.Consumer`: `task_consumer`, `qos`, `task_buckets`, `timer`, `call_soon`."""
Request: TypeAlias = Any
"""`celery.worker.request.Request`: see `guard.gates.request` for what is overridden and why."""
WorkController: TypeAlias = Any
"""`celery.worker.WorkController`: `hostname`, `concurrency`, `max_concurrency`, `pool_cls`."""

_state: Any = celery._state  # noqa: SLF001
_canvas: Any = celery.canvas
_trace: Any = celery.app.trace
_request: Any = celery.worker.request
_einfo: Any = billiard.einfo
_common: Any = billiard.common
_bootsteps: Any = celery.bootsteps

task_stack: Any = _state._task_stack  # noqa: SLF001
"""The tasks that this thread is in, outermost first; each call pushes itself before its body runs."""
worker_state: Any = celery.worker.state
"""`requests`, `active_requests`, `scheduled_requests` of this worker, and `task_ready`."""
trace_log: Any = _trace.logger
create_request_cls: Any = _request.create_request_cls
"""Makes the class whose `execute_using_pool` calls `revoked` first."""
ExceptionWithTraceback: Any = _einfo.ExceptionWithTraceback
WORKFLOWS: tuple[Any, ...] = (_canvas.group, _canvas._chain, _canvas._chord)  # noqa: SLF001
"""The classes behind `group()`, `chain()` and `chord()`."""
_STOPPED = frozenset({_bootsteps.CLOSE, _bootsteps.TERMINATE})


def registered_task(app: Celery, name: str) -> Task[..., Any] | None:
    """A task by name. `app.tasks` would finalize the app; this never does."""
    registry: Any = app
    return registry._tasks.get(name)  # type: ignore[no-any-return]  # noqa: SLF001


def forget_task(app: Celery, name: str) -> None:
    """Take a task out of the registry, if it is in it. The app is not finalized by this."""
    registry: Any = app
    registry._tasks.pop(name, None)  # noqa: SLF001


def finalize(app: Celery) -> None:
    """Make every task that was declared, unless the application does so when it likes."""
    inner: Any = app
    if inner.autofinalize:
        inner.finalize(auto=True)


def is_finalized(app: Celery) -> bool:
    """Whether the app's tasks have been made."""
    inner: Any = app
    return bool(inner.finalized)


def is_configured(app: Celery) -> bool:
    """Whether the app's configuration has been read."""
    inner: Any = app
    return bool(inner.configured)


def is_stopping(consumer: Consumer) -> bool:
    """Whether this worker has begun to stop. Its event loop still does what was left to do then, when nobody
    acknowledges any more what it takes."""
    asked = (worker_state.should_stop, worker_state.should_terminate)
    told = any(code is not None and code is not False for code in asked)  # 0 is an exit code
    return told or consumer.blueprint.state in _STOPPED


def is_exiting() -> bool:
    """In a pool child: whether billiard's handler of SIGTERM has run, so that the process is ending."""
    return bool(_common.terminate_handler_fired())


exit_begun: list[bool] = _common._should_have_exited  # noqa: SLF001 - looked at after every job: no call
"""In a pool child: one element, what `is_exiting` says."""


def hear_sigterm_again() -> None:
    """In a pool child whose job has outlived a SIGTERM: billiard's handler took itself away, because the
    process was to end. Without it the next SIGTERM would end the next job at once, nothing cleaned up."""
    _common.clear_terminate_handler_fired()
    signal.signal(signal.SIGTERM, _common._shutdown_cleanup)  # noqa: SLF001


def active_requests() -> list[Request]:
    """The requests that a pool has accepted, from any thread: the main one may change the set meanwhile."""
    while True:
        try:
            return list(worker_state.active_requests)
        except RuntimeError:  # it changed its size
            continue
