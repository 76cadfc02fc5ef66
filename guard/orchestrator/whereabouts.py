"""Where a job is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["JobPlace", "JobView"]


class JobPlace(StrEnum):
    """Where a job can be. `WAITING` is the backend's PENDING: in its queue, or never published."""

    RUNNING = "running"
    PARKED = "parked"
    ENDED = "ended"
    WAITING = "waiting or unknown"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job.

    Attributes:
        task_id: its id.
        place: where it is.
        state: Celery's state from the result backend; None when that does not answer.
        task, queue, worker: as far as known.
        parked_at: UTC seconds.
        note: what the place means for this job, as a sentence.
    """

    task_id: str
    place: JobPlace
    state: str | None
    note: str
    task: str = ""
    queue: str = ""
    worker: str = ""
    parked_at: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)
