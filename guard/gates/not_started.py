"""The exception by which a pool child tells its parent that a job was not started."""

from __future__ import annotations

from celery.exceptions import Ignore

__all__ = ["NotStarted"]


class NotStarted(Ignore):
    """The gate was closed when the job reached it. Nothing of it ran; the parent sets it aside.

    It is an `Ignore` so that Celery's tracer stores no result and calls no error callbacks. On its
    own that would leave the job's caller waiting for ever (F11); it is only raised in a worker whose
    requests are `GuardedRequest`s, which park or requeue the message before they acknowledge it.
    """
