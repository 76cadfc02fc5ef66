"""What the guard did with jobs, as lists that tests look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    from guard.core.named_events import EventName, NamedEvent

__all__ = ["RecordedJob", "RecordedJobs"]


class RecordedJob(NamedTuple):
    """One job.

    Attributes:
        event: what became of it, such as ``job.refused``.
        task: name of the task.
        task_id: empty for a refused one to which nobody had given an id.
        operation: its kind of work.
    """

    event: EventName
    task: str
    task_id: str
    operation: str


class RecordedJobs(Sequence[RecordedJob]):
    """Jobs in the order in which it happened. Compare `tasks` with the names that you expect."""

    def __init__(self) -> None:
        self._jobs: list[RecordedJob] = []

    def note(self, event: NamedEvent) -> None:
        """Take one down: a subscriber of named events."""
        fields = event.fields
        self._jobs.append(
            RecordedJob(event.name, fields["task"], fields["task_id"], fields.get("operation") or "")
        )

    @property
    def tasks(self) -> list[str]:
        """The names of their tasks."""
        return [job.task for job in self._jobs]

    def clear(self) -> None:
        """Forget what was noted so far."""
        self._jobs.clear()

    def __len__(self) -> int:
        return len(self._jobs)

    @overload
    def __getitem__(self, index: int) -> RecordedJob: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RecordedJob]: ...
    def __getitem__(self, index: int | slice) -> RecordedJob | Sequence[RecordedJob]:
        return self._jobs[index]

    def __repr__(self) -> str:
        return f"<RecordedJobs {self.tasks}>"
