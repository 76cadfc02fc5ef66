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
    grace_period: float | None = None
    """Seconds that a running job of this task gets to stop by itself in an emergency. None: the window's."""
    resumable: bool = False
    """Whether a job that an emergency has ended may run again from its start after the release. A job that
    is acknowledged late does so anyway: its broker still has it. Any other one ends as REVOKED."""
    soft_stop: bool = False
    """Whether asking a job to stop also raises `SoftTimeLimitExceeded` in it, as a soft time limit does.
    Off, a job that would have ended within its grace period may do so."""
