"""The exceptions by which a pool child tells its parent that a job was not started, or did not finish."""

from __future__ import annotations

from celery.exceptions import Ignore

__all__ = ["Interrupted", "NotStarted"]


class NotStarted(Ignore):
    """The gate was closed when the job reached it. Nothing of it ran; the parent sets it aside.

    It is an `Ignore` so that Celery's tracer stores no result and calls no error callbacks. On its
    own that would leave the job's caller waiting for ever (F11); it is only raised in a worker whose
    requests are `GuardedRequest`s, which park or requeue the message before they acknowledge it.
    """


class Interrupted(Ignore):
    """The job stopped because it was asked to. The parent gives it back, or revokes it.

    It is an `Ignore` so that Celery's tracer stores no result and calls no error callbacks: whether this
    was the job's last run is for the parent to say.
    """
