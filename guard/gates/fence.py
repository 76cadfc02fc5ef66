"""`guard.fence(connection)`: the fence (`guard.fencing`) for the job that this thread is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.fencing import look_through_fence
from guard.gates.canvas import gate_of
from guard.gates.inner_celery import task_stack

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from guard.core.scope import Scope

__all__ = ["fence"]


def fence(connection: Connection) -> None:
    """Raise unless no window blocks this job now, and keep it so until this transaction ends.

    Call it first in the transaction that does the job's writing, on a connection to the database that
    holds `guard_state`. Outside a job, any window counts.

    Raises:
        MaintenanceActive: a window is open. Roll back.
        StateMissing: this database holds no guard state.
    """
    look_through_fence(connection, is_about_this_job=_is_about_this_job)


def _is_about_this_job(scope: Scope) -> bool:
    task = task_stack.top
    gate = gate_of(task.app) if task is not None else None
    if task is None or gate is None:
        return True
    args, kwargs = task.request.args or (), task.request.kwargs or {}
    return gate.scoping.covers_start(
        lambda: gate.classifier.job(task.name, args, kwargs), task, kwargs, scope=scope
    )
