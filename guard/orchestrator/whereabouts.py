"""Where a job is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.parked import ParkedJob
    from guard.core.roster import RosterEntry

__all__ = ["JobPlace", "JobView", "find_job"]


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


def find_job(
    task_id: str, *, roster: Iterable[RosterEntry], parked: ParkedJob | None, state: str | None
) -> JobView:
    """Put together what was gathered about a job.

    Args:
        roster: the registered workers; they report what runs while the gate is closed.
        parked: the parked job of this id, if there is one.
        state: Celery's state; None when the result backend does not answer.
    """
    for entry in roster:
        for job in entry.report.running if entry.report is not None else ():
            if job.task_id == task_id:
                node = entry.card.node
                return JobView(
                    task_id=task_id,
                    place=JobPlace.RUNNING,
                    state=state,
                    note=f"runs on {node}",
                    task=job.task,
                    worker=node,
                )
    if parked is not None:
        return JobView(
            task_id=task_id,
            place=JobPlace.PARKED,
            state=state,
            note=f"was set aside from queue {parked.queue} and goes back there at release",
            task=parked.task,
            queue=parked.queue,
            worker=parked.worker,
            parked_at=parked.parked_at,
        )
    place, note = _by_state(state)
    return JobView(task_id=task_id, place=place, state=state, note=note)


def _by_state(state: str | None) -> tuple[JobPlace, str]:
    if state is None:
        return JobPlace.NOT_KNOWN, "the result backend does not answer"
    if state in {"SUCCESS", "FAILURE", "REVOKED"}:
        return JobPlace.ENDED, f"ended as {state}"
    if state in {"STARTED", "RETRY"}:
        return JobPlace.NOT_KNOWN, f"last seen as {state}; while open nobody reports what runs"
    return JobPlace.WAITING, "no result yet: it waits in its queue, or was never published"
