"""Do the books of a window balance? Every job that met it is in exactly one place.

    parked  = released + discarded + still parked
    running = completed + interrupted + killed + lost + ran on when the window ended
              + still running + ended with a worker that is gone

Refused jobs were never accepted, held ones wait in their queues: both are said, and balance by themselves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.core.account import Account

__all__ = ["Books", "balance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What adds up and what does not. None: something did not answer.

    Attributes:
        still_parked: jobs of this window that are parked now.
        still_running: jobs that ran when the gate closed and run now.
        with_gone_workers: jobs that ran in workers that are gone; the broker delivers late-ack ones again.
        uncounted: more jobs went back or ended than were counted before: a worker was killed before it
            could tell. No job is missing for it, and the sums are too small by as many.
        unaccounted: jobs of which nobody knows.
        adds_up: whether there is none.
    """

    still_parked: int | None
    still_running: int | None
    with_gone_workers: int
    uncounted: int
    unaccounted: int | None
    adds_up: bool | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)


def balance(
    account: Account,
    *,
    still_parked: int | None,
    still_running: int | None,
    gone_workers: int,
    silent_workers: int = 0,
    whole: bool = True,
) -> Books:
    """Balance the books.

    Args:
        still_parked: by the index of parked jobs; None when it does not answer.
        still_running: by the workers' reports; None when they do not answer.
        gone_workers: how many workers of the window are gone or were vouched for.
        silent_workers: how many do not answer, while nobody has found out why. A job whose end was not
            counted may have ended with one of them: that is unknown.
        whole: whether everything was counted. Counters that were lost make no job unaccounted: it is unknown.
    """
    missing_parked = account.still_parked - still_parked if still_parked is not None else None
    missing_running = account.not_ended - still_running if still_running is not None else None
    with_gone = max(0, missing_running or 0) if gone_workers else 0
    unaccounted = None
    if missing_parked is not None and missing_running is not None and whole:
        parked, running = max(0, missing_parked), max(0, missing_running - with_gone)
        unaccounted = (parked or None) if running and silent_workers else parked + running
    return Books(
        still_parked=still_parked,
        still_running=still_running,
        with_gone_workers=with_gone,
        uncounted=max(0, -(missing_parked or 0)) + max(0, -(missing_running or 0)),
        unaccounted=unaccounted,
        adds_up=None if unaccounted is None else unaccounted == 0,
    )
