"""A continuation that is not to wait for the end of the window: ended here and now, as its task asks.

Its result is REVOKED with the reason, its error callbacks are called, and the steps behind it in a chain
or the chord that counts on it end too, as Celery ends them for a failure: nobody waits for ever.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from celery import states
from celery.app.task import Context
from celery.exceptions import TaskRevokedError
from celery.utils.functional import maybe_list

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery import Celery, Task

__all__ = ["abort", "check_continuation", "finishes", "is_aborted"]

log = logging.getLogger(__name__)

_CHOICES = ("park", "finish", "abort")


def check_continuation(task: Task[..., Any]) -> None:
    """Check what a task says of its continuations.

    Raises:
        InvalidRequest: the attribute is none of ``park``, ``finish`` and ``abort``.
    """
    choice = getattr(task, "continuation", None)
    if choice is not None and choice not in _CHOICES:
        raise InvalidRequest(
            f"task {task.name}: continuation={choice!r} is unknown: use 'park', 'finish' or 'abort'"
        )


def finishes(task: Task[..., Any] | None) -> bool:
    """Whether continuations of this task go on while a window drains."""
    return getattr(task, "continuation", None) == "finish"


def is_aborted(task: Task[..., Any] | None, options: Mapping[str, Any]) -> bool:
    """Whether this publish, the continuation of a job that has run, is to be ended. A retry never is: its
    job has an outcome already, and that is to be tried again."""
    return getattr(task, "continuation", None) == "abort" and not options.get("retries")


def abort(app: Celery, name: str, args: Any, kwargs: Any, options: Mapping[str, Any], *, reason: str) -> str:
    """End a job that was never published, and give its id."""
    task_id = options.get("task_id") or str(uuid.uuid4())
    context = Context(
        id=task_id,
        task=name,
        args=args,
        kwargs=kwargs,
        chain=options.get("chain"),
        chord=options.get("chord"),
        group=options.get("group_id"),
        group_index=options.get("group_index"),
        errbacks=maybe_list(options.get("link_error")),
        root_id=options.get("root_id"),
        parent_id=options.get("parent_id"),
        delivery_info={},
        headers={},
    )
    error = TaskRevokedError(f"not begun because of maintenance: {reason}")
    app.backend.mark_as_failure(task_id, error, request=context, state=states.REVOKED)
    log.info("job %s (%s) is not begun: its task aborts continuations in a window", task_id, name)
    return task_id
