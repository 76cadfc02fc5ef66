"""What the journal says. Lines are those of `benchmarks.compare.job`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Event", "read"]


class Event(NamedTuple):
    """One line: `accepted`, `refused`, `started` or `ended`, of which job, when, in which process."""

    event: str
    job_id: str
    at: float
    pid: int


def read(journal: Path) -> list[Event]:
    """All whole lines so far, by time."""
    text = journal.read_text("ascii")
    lines = (line.split() for line in text[: text.rfind("\n") + 1].splitlines())
    events = [Event(event, job_id, float(at), int(pid)) for event, job_id, at, pid in lines]
    return sorted(events, key=lambda event: event.at)
