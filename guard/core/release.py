"""Release: what becomes of one parked job now.

Expiry: a job whose publisher set `expires` may have expired while it was parked. Policy `report`
gives it back as it is, so that Celery records it as expired under its own id, and the account names
it. Policy `extend` moves its expiry by the time that it was parked: the window was a delay, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core.expiry import ExpiryPolicy

if TYPE_CHECKING:
    from collections.abc import Collection

    from guard.core.parked import ParkedJob

__all__ = ["Fate", "Ruling", "rule"]


class Fate(StrEnum):
    """What becomes of a parked job at this moment."""

    GIVE_BACK = "give back"
    GIVE_BACK_EXPIRED = "give back expired"
    WAIT = "wait"
    """No live worker knows its task; it would be rejected and lost (F22)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Fate of one job, and the expiry to publish it with (ISO 8601 and seconds from now)."""

    fate: Fate
    expires: str | None = None
    expires_in: float | None = None


def rule(job: ParkedJob, *, known_tasks: Collection[str], policy: ExpiryPolicy, now: float) -> Ruling:
    """The ruling on one parked job. `now` is UTC seconds; `known_tasks` are those of live workers."""
    if job.task not in known_tasks:
        return Ruling(fate=Fate.WAIT)
    expires = _parse(job.expires)
    if expires is None:
        return Ruling(fate=Fate.GIVE_BACK, expires=job.expires)
    if policy is ExpiryPolicy.EXTEND:
        try:
            expires += timedelta(seconds=max(0.0, now - job.parked_at))
        except OverflowError:  # a publisher's "never": there is no later
            return Ruling(fate=Fate.GIVE_BACK, expires=job.expires)
    left = expires.timestamp() - now
    fate = Fate.GIVE_BACK if left > 0 else Fate.GIVE_BACK_EXPIRED
    text = expires.isoformat() if policy is ExpiryPolicy.EXTEND else job.expires
    return Ruling(fate=fate, expires=text, expires_in=left if left > 0 else None)


def _parse(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
