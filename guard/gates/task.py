"""The task base class: ``Celery(..., task_cls="guard:GuardedTask")``."""

from __future__ import annotations

from celery import Task

__all__ = ["GuardedTask"]


class GuardedTask(Task):  # type: ignore[type-arg]
    """A task that says which operation it is.

    ``@app.task(operation="caption_generation")`` is all that a user writes. The gates themselves are
    put on by `guard.install`, on tasks with any base class; this one only gives the attributes names
    and types.
    """

    abstract = True

    operation: str | None = None
    """The kind of work, one of `Operation` or a declared one. None: by rule, else ``job_creation``."""
    when_closed: str | None = None
    """What its publisher gets while closed: ``refuse`` or ``hold``. None: the setting."""
