"""Which operation a job belongs to, also when Celery wraps it into a task of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from guard.core.operations import Operation, OperationKind
from guard.gates.inner_celery import registered_task

if TYPE_CHECKING:
    from celery import Celery

    from guard.core.registry import OperationRegistry

__all__ = ["CARRIERS", "Classifier"]

CARRIERS = {
    "celery.map": ("task", 0),
    "celery.starmap": ("task", 0),
    "celery.chunks": ("task", 0),
    "celery.chord_unlock": ("callback", 1),
    "celery.group": ("tasks", 0),
    "celery.chord": ("header", 0),
}
"""Built-in tasks that run or publish another one, and where in their arguments that one is."""

_HOUSEKEEPING = frozenset({"celery.backend_cleanup", "celery.accumulate", "celery.chain"})


class Classifier:
    """The registry, applied to Celery's tasks and messages."""

    def __init__(self, app: Celery, registry: OperationRegistry) -> None:
        self._app = app
        self.registry = registry

    def task(self, name: str, *, queue: str | None = None) -> OperationKind:
        """The operation of a task by name. Never finalizes the app."""
        if name in _HOUSEKEEPING:
            return self.registry.kinds[Operation.ADMIN_OPERATIONS]
        task = registered_task(self._app, name)
        if queue is None and self.by_queue(name):
            queue = self.routed(name)
        return self.registry.of_task(name, declared=getattr(task, "operation", None), queue=queue)

    def by_queue(self, name: str) -> bool:
        """Whether the queue may decide the operation of this task, so that each job must be looked at."""
        declared = getattr(registered_task(self._app, name), "operation", None)
        return declared is None and self.registry.has_queue_rules

    def routed(self, name: str) -> str | None:
        """The queue that the app's routes give a task called without options; None when they need more."""
        try:
            queue = self._app.amqp.router.route({}, name).get("queue")
        except Exception:  # noqa: BLE001 - a router of the app's that wants arguments
            return None
        return getattr(queue, "name", queue)

    def job(
        self,
        name: str,
        args: Sequence[Any] | None,
        kwargs: Mapping[str, Any] | None,
        *,
        queue: str | None = None,
    ) -> OperationKind:
        """The operation of one call. `shadow` names are never looked at: anybody can choose them."""
        if name not in CARRIERS:
            return self.task(name, queue=queue)
        inner = _inner_name(name, args or (), kwargs or {})
        return self.task(inner or name, queue=queue)


def _inner_name(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    keyword, position = CARRIERS[name]
    inner = kwargs.get(keyword, args[position] if len(args) > position else None)
    if isinstance(inner, (list, tuple)):
        inner = inner[0] if inner else None
    if isinstance(inner, Mapping):
        task = inner.get("task")
        if task in CARRIERS:
            return _inner_name(task, inner.get("args") or (), inner.get("kwargs") or {})
        return task if isinstance(task, str) else None
    return getattr(inner, "name", None)
