"""Whether a job is in the scope of the window: asked where it is published, received and started.

A window without a scope is about every job, and nothing here is looked at more than once. Where it cannot be
known what the scope is (no lease, no page) a job counts as in it, as the gate counts as closed.

Two answers may differ: how long a task usually takes is known in a worker's main process alone. So receipt
may hold back what the publisher let through, and what receipt lets through the start gate does too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from guard.core.lanes import queue_of
from guard.core.scope import EVERYTHING, Scope
from guard.gates.inner_celery import registered_task
from guard.gates.messages import job_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celery import Celery, Task
    from kombu.message import Message

    from guard.core.operations import OperationKind
    from guard.gates.runtime import Runtime

__all__ = ["Call", "Scoping"]


class Call(NamedTuple):
    """One call of a task by its publisher."""

    name: str
    args: Sequence[Any] | None
    kwargs: Mapping[str, Any] | None
    options: Mapping[str, Any]


def _not_known(_task: str) -> float | None:
    return None


class Scoping:
    """The scope of the open window, applied to one app's jobs in one process."""

    def __init__(self, app: Celery, runtime: Runtime, wall: Callable[[], float] = time.time) -> None:
        self._app = app
        self._runtime = runtime
        self._wall = wall
        self.usual: Callable[[str], float | None] = _not_known
        """How long a task usually takes, in seconds."""

    @property
    def scope(self) -> Scope:
        """What the window is about, as far as this process may believe."""
        return self._runtime.scope()

    def covers_call(self, kind: OperationKind, call: Call) -> bool:
        """Whether a call is in the scope, when it is published."""
        scope = self.scope
        if scope is EVERYTHING or scope.is_everything:
            return True
        return scope.covers(
            operation=kind.name,
            queue=lambda: self._destination(call),
            tenant=lambda where, name: (
                call.kwargs or {} if where == "argument" else call.options.get("headers") or {}
            ).get(name),
            seconds=lambda: (
                call.options.get("time_limit")
                or call.options.get("soft_time_limit")
                or self._limit(call.name)
            ),
            now=self._wall(),
        )

    def covers_message(
        self,
        kind: Callable[[], OperationKind],
        message: Message,
        queue: Callable[[], str],
        *,
        since: float | None = None,
        scope: Scope | None = None,
    ) -> bool:
        """Whether a job is in the scope that somebody has as a message.

        Args:
            kind, queue: give its operation, and the queue that it came from.
            since: UTC seconds when it began, if it runs.
            scope: another than this process believes in.
        """
        scope = scope if scope is not None else self.scope
        if scope is EVERYTHING or scope.is_everything:
            return True
        _, name, *_ = job_of(message)

        def tenant(where: str, key: str) -> Any:
            if where == "header":
                return message.headers.get(key)
            return _kwargs_of(message.payload).get(key)

        def seconds() -> float | None:
            return _bound(message.headers.get("timelimit")) or self._limit(name) or self.usual(name)

        return scope.covers(
            operation=kind().name,
            queue=lambda: queue_of(queue()),
            tenant=tenant,
            seconds=seconds,
            now=since if since is not None else self._wall(),
        )

    def covers_start(
        self,
        kind: Callable[[], OperationKind],
        task: Task[..., Any],
        kwargs: Mapping[str, Any],
        *,
        scope: Scope | None = None,
    ) -> bool:
        """Whether the job that starts or runs here is in the scope.

        Args:
            scope: another than this process believes in.
        """
        scope = scope if scope is not None else self.scope
        if scope is EVERYTHING or scope.is_everything:
            return True
        request = task.request

        def tenant(where: str, key: str) -> Any:
            if where == "argument":
                return kwargs.get(key)
            return request.get(key, (request.headers or {}).get(key))

        def seconds() -> float | None:
            return _bound(request.timelimit) or self._limit(task.name)

        return scope.covers(
            operation=kind().name,
            queue=lambda: self._came_by(request.delivery_info or {}),
            tenant=tenant,
            seconds=seconds,
            now=self._wall(),
        )

    def _limit(self, name: str) -> float | None:
        task = registered_task(self._app, name)
        return getattr(task, "time_limit", None) or getattr(task, "soft_time_limit", None)

    def _destination(self, call: Call) -> str | None:
        try:
            routed = self._app.amqp.router.route(
                dict(call.options), call.name, tuple(call.args or ()), dict(call.kwargs or {})
            )
        except Exception:  # noqa: BLE001 - a router of the app's; publishing will tell
            return None
        queue = routed.get("queue")
        return queue_of(getattr(queue, "name", queue)) if queue is not None else None

    def _came_by(self, delivery: Mapping[str, Any]) -> str | None:
        """The queue of a delivery: its routing key by the default exchange, else the queue bound that way."""
        exchange, key = delivery.get("exchange") or "", str(delivery.get("routing_key") or "")
        if not exchange:
            return queue_of(key)
        names = [
            (queue.routing_key == key, str(name))
            for name, queue in self._app.amqp.queues.items()
            if queue.exchange is not None and queue.exchange.name == exchange
        ]
        return max(names)[1] if names else None


def _kwargs_of(body: Any) -> Mapping[str, Any]:
    """The keyword arguments in a body of either protocol. Anybody may publish: what is none has none."""
    if isinstance(body, dict):
        kwargs = body.get("kwargs")
    else:
        kwargs = body[1] if isinstance(body, (list, tuple)) and len(body) > 1 else None
    return kwargs if isinstance(kwargs, dict) else {}


def _bound(limits: Any) -> float | None:
    """The hard time limit that a message gives its job, or else the soft one."""
    numbers = limits if isinstance(limits, (list, tuple)) else ()
    return next((one for one in numbers[:2] if isinstance(one, (int, float)) and one), None)
