"""The jobs of a worker that is gone: which of all unacknowledged ones are they?

RabbitMQ sees the connection of a dead worker end, and delivers its jobs again at once. kombu on Redis
notes that a job was taken, not by whom, and waits for the visibility timeout (an hour by default). A
drain that calls such a worker settled before its jobs are back would call a window over that is not.

Rules:

- What a worker that answers reports as running is its own, whatever else was said.
- A worker whose last report said that it holds nothing back had no other jobs than those it named: a
  closed gate lets none begin.
- Where a worker is gone without such a word, its jobs are those that are nobody else's. That can be said
  once nobody else holds any back, and only while no consumer without a guard takes jobs too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from guard.core.agents import AgentReport

__all__ = ["LeftBehind", "Unacknowledged", "left_behind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unacknowledged:
    """A job that somebody has taken from a queue in Redis. `tag` is the broker's name for this delivery."""

    tag: str
    task_id: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """The jobs of workers that are gone.

    Attributes:
        jobs: all of them.
        by_exclusion: whether they are only known to be nobody else's.
    """

    jobs: tuple[Unacknowledged, ...]
    by_exclusion: bool


def left_behind(
    taken: Iterable[Unacknowledged],
    *,
    gone: Collection[AgentReport | None],
    others: Collection[AgentReport | None],
) -> LeftBehind | None:
    """Which unacknowledged jobs were those of workers that are gone. None when that cannot be said yet:
    another worker holds jobs back, ends some, or has not reported.

    Args:
        taken: all unacknowledged jobs that the window blocks.
        gone: the last reports of those workers; None for one that never made one in this epoch.
        others: the last reports of all other workers.
    """
    theirs = _running(others)
    free = [job for job in taken if job.task_id not in theirs]
    if all(_told_all(report) for report in gone):
        named = _running(gone)
        return LeftBehind(jobs=tuple(job for job in free if job.task_id in named), by_exclusion=False)
    if free and not all(_told_all(report) for report in others):
        return None
    return LeftBehind(jobs=tuple(free), by_exclusion=True)


def _told_all(report: AgentReport | None) -> bool:
    return report is not None and not (report.reserved or report.ending or report.lost_slots)


def _running(reports: Iterable[AgentReport | None]) -> frozenset[str]:
    return frozenset(job.task_id for report in reports if report is not None for job in report.running)
