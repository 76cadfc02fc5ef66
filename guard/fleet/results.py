"""What the app's result backend knows of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery

__all__ = ["state_of"]


def state_of(app: Celery, task_id: str) -> str | None:
    """Celery's state of a job; None when the backend does not answer."""
    try:
        return str(app.AsyncResult(task_id).state)
    except Exception:  # noqa: BLE001 - any backend may be behind it, with errors of its own
        return None
