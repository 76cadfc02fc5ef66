"""What became of a job that an emergency met while it ran."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.ladder import Report
from guard.core.plain import require_plain
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Ended", "JobOutcome", "Went", "ended", "went"]


class Ended(StrEnum):
    """How a job ended after it had been asked to stop."""

    COMPLETED = "completed"
    """By itself: it returned, or raised an error of its own."""
    INTERRUPTED = "interrupted"
    """It stopped because it was asked, or because its own handler took the signal."""
    KILLED = "killed"
    """A signal of ours ended it."""
    LOST = "lost"
    """Something else ended its process: the system, a time limit of Celery. Celery dealt with it."""


class Went(StrEnum):
    """Where the job is now."""

    FINISHED = "finished"
    """Nothing is left to do."""
    REQUEUED = "requeued"
    """Back in its queue: it runs again after the release."""
    PARKED = "parked"
    """Set aside: it runs again after the release."""
    REVOKED = "revoked"
    """It does not run again; whoever waits for its result has been told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """One job that was running when an emergency began. Times are UTC seconds.

    Attributes:
        attempt: names this run of the job: a job that ran twice has two outcomes.
        window_id: the window that asked it to stop.
        task_id, task, operation: which job.
        worker, pid: where it ran.
        asked_at: when it was asked to stop.
        ended_at: when its end was proven.
        outcome: how it ended.
        went: what became of it.
    """

    attempt: str
    window_id: str
    task_id: str
    task: str
    operation: str
    worker: str
    pid: int
    asked_at: float
    ended_at: float
    outcome: Ended
    went: Went

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "outcome": self.outcome.value, "went": self.went.value}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> JobOutcome:
        """From plain JSON types. Fields that a newer release has added are left out.

        Raises:
            StateInvalid: a field is missing or not understood.
        """
        try:
            values = {name: raw[name] for name in cls.__dataclass_fields__}
            how = {"outcome": Ended(raw["outcome"]), "went": Went(raw["went"])}
            return require_plain(cls(**{**values, **how}))
        except (KeyError, TypeError, ValueError) as error:
            raise StateInvalid("the outcome of a job is malformed") from error


def ended(report: Report, *, signalled: bool) -> Ended:
    """How a job that was asked has ended."""
    if report is Report.LOST:
        return Ended.KILLED if signalled else Ended.LOST
    return Ended.INTERRUPTED if report is Report.INTERRUPTED else Ended.COMPLETED


def went(how: Ended, *, acks_late: bool, resumable: bool) -> Went:
    """What becomes of it. A job that was not allowed to finish runs again if the broker still has it, or
    if its task says that it may; any other is revoked, so that nobody waits for it."""
    if how in {Ended.COMPLETED, Ended.LOST}:
        return Went.FINISHED
    if acks_late:
        return Went.REQUEUED
    return Went.PARKED if resumable else Went.REVOKED
