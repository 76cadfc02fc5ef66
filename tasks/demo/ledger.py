"""The demo's own books: every job it submitted or a batch made, and what became of it.

Kept apart from the guard's counters on purpose: at the end the two are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Job:
    """One job."""

    task_id: str
    task: str
    files: tuple[str, ...]
    """Its image; of a batch, all of them."""
    batch_id: str | None = None
    """The batch that made it; None: the demo submitted it."""
    outcome: Outcome | None = None
    """None: not known (yet)."""
    why: str = ""
    """Of a failure."""
    explained: bool = True
    """Whether the failure is the image's fault, not the system's."""

    @property
    def about(self) -> str:
        """Its image by name, without the folder; of a batch, the first and how many more."""
        first = Path(self.files[0]).name
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1} more"


@dataclass(slots=True)
class Ledger:
    """All jobs, by id."""

    jobs: dict[str, Job] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        """Enter a job; entering it again changes nothing."""
        self.jobs.setdefault(job.task_id, job)

    @property
    def unsettled(self) -> list[Job]:
        """Jobs whose outcome is not known."""
        return [job for job in self.jobs.values() if job.outcome is None]

    def having(self, outcome: Outcome) -> list[Job]:
        """Jobs that ended like this."""
        return [job for job in self.jobs.values() if job.outcome is outcome]

    @property
    def submitted(self) -> int:
        """By the demo itself."""
        return sum(job.batch_id is None for job in self.jobs.values())

    @property
    def ended(self) -> int:
        """Jobs with an outcome."""
        return sum(job.outcome is not None for job in self.jobs.values())
