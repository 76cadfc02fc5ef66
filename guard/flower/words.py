"""What the page says, in words. Unknown is said as such, and is never green."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from guard.core.drain import Basis, Blocker, BlockerKind, Pace
from guard.core.durations import humanize

if TYPE_CHECKING:
    from guard.core.roster import RosterEntry
    from guard.orchestrator.status import Status

__all__ = ["Said", "blocker_said", "ends_said", "figures", "headline", "humanize", "number", "worker_said"]

_SEEN_LATELY_SECONDS = 5.0
_FIGURES = ("Phase", "Epoch", "In flight", "Parked", "Held", "Refused")


class Said(NamedTuple):
    """A text, and its tone: ``good``, ``warn``, ``bad``, or empty."""

    text: str
    tone: str = ""


def headline(status: Status | None) -> Said:
    """The state in one line."""
    if status is None or status.is_active is None:
        return Said("Unknown: no store answers. Who cannot know stays closed.", "bad")
    if not status.is_active:
        if status.phase == "releasing":
            return Said("Off: parked jobs go back to their queues", "warn")
        return Said("Off: all operations run", "good")
    if status.mode == "emergency":
        return Said("Emergency maintenance", "bad")
    return Said("Rehearsal: nothing is blocked" if status.mode == "test" else "Maintenance", "warn")


def number(value: object) -> str:
    """A figure, or that it is unknown."""
    return "unknown" if value is None else str(value)


def figures(status: Status | None) -> list[tuple[str, object]]:
    """The figures at a glance; None: unknown."""
    if status is None:
        return [(label, None) for label in _FIGURES]
    in_flight: object = status.in_flight["running"] if status.in_flight else None
    if status.is_active is False:
        in_flight = "not counted"
    values = (status.phase, status.epoch, in_flight, status.parked, status.held, status.refused)
    return list(zip(_FIGURES, values, strict=True))


def ends_said(status: Status, now: float) -> Said:
    """When the window should end."""
    if status.estimated_completion is None:
        return Said("no planned end")
    left = datetime.fromisoformat(status.estimated_completion).timestamp() - now
    if left < 0:
        return Said(f"{status.estimated_completion}, over by {humanize(-left)}", "warn")
    return Said(f"{status.estimated_completion}, in {humanize(left)}")


def worker_said(worker: RosterEntry, epoch: int | None) -> Said:
    """How a worker follows."""
    if worker.card.problem:
        return Said(f"takes no guarded work: {worker.card.problem}", "bad")
    if worker.seen_seconds_ago >= _SEEN_LATELY_SECONDS:
        return Said(f"silent for {humanize(worker.seen_seconds_ago)}", "bad")
    if epoch is None:
        return Said("unknown: nobody can say what to follow", "bad")
    if worker.acknowledged_epoch != epoch:
        return Said("has not acknowledged yet", "warn")
    return Said("acknowledged", "good")


def blocker_said(blocker: Blocker) -> Said:
    """What keeps the drain from being over, and what may be expected of it."""
    since = humanize(blocker.running_for) if blocker.running_for is not None else "an unknown time"
    match blocker.kind:
        case BlockerKind.RUNNING:
            return Said(f"runs for {since}, {_end_of(blocker)}", "warn" if blocker.pace is Pace.NEVER else "")
        case BlockerKind.SILENT:
            return Said(f"does not answer for {since}", "bad")
        case BlockerKind.UNDELIVERED:
            return Said("is gone, and its jobs are not back with the broker", "bad")
        case BlockerKind.UNCONFIRMED:
            return Said("does not follow this epoch yet", "warn")
        case BlockerKind.RESERVED:
            return Said(f"gives back {blocker.count} reserved")
        case BlockerKind.ENDING:
            return Said(f"stores the results of {blocker.count}")
        case BlockerKind.FINISHING:
            return Said(f"goes on for {since}")
        case BlockerKind.LOST:
            return Said(f"has lost {blocker.count} pool children", "warn")


def _end_of(job: Blocker) -> str:
    if job.pace is Pace.NEVER or job.ends_in is None:
        return "and nothing says that it will end"
    basis = "past runs" if job.basis is Basis.PAST_RUNS else "its time limit"
    slow = ", slow" if job.pace is Pace.SLOW else ""
    return f"ends in about {humanize(max(1.0, job.ends_in))} by {basis}{slow}"
