"""What has passed its time: windows, and parked jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.modes import CLOSED_PHASES
from guard.core.release import Fate, rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.expiry import ExpiryPolicy
    from guard.core.parked import ParkedJob
    from guard.core.state import GuardState

__all__ = ["expired_jobs", "overdue_since"]


def overdue_since(state: GuardState, *, default_seconds: float, now: float) -> float | None:
    """Since when an open window is past its planned end; None when it is not.

    Args:
        default_seconds: how long a window may take for which nobody planned an end.
    """
    if state.phase not in CLOSED_PHASES or state.started_at is None:
        return None
    end = state.planned_end if state.planned_end is not None else state.started_at + default_seconds
    return end if end < now else None


def expired_jobs(jobs: Iterable[ParkedJob], *, policy: ExpiryPolicy, now: float) -> list[ParkedJob]:
    """Parked jobs that would go back expired now, under the policy of the release."""
    return [
        job
        for job in jobs
        if rule(job, known_tasks=(job.task,), policy=policy, now=now).fate is Fate.GIVE_BACK_EXPIRED
    ]
