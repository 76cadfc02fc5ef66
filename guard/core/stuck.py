"""What keeps a drain from ending and does not end by itself, as far as is known.

Rules:

- So are: a worker that does not answer, one whose jobs did not come back, and a job that nothing bounds.
- Nothing is said of the first `PATIENCE_SECONDS` of a drain: most of it ends in that time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.drain import Blocker, BlockerKind, DrainView, Pace

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["PATIENCE_SECONDS", "stuck_on", "tells_news"]

PATIENCE_SECONDS = 30.0

_LASTING = frozenset({BlockerKind.SILENT, BlockerKind.UNDELIVERED})


def stuck_on(view: DrainView, *, drained_for: float) -> tuple[str, ...]:
    """What the drain is stuck on, one short text each; nothing when it goes on.

    Args:
        drained_for: seconds since the drain began.
    """
    if drained_for < PATIENCE_SECONDS:
        return ()
    return tuple(
        _text(blocker)
        for blocker in view.blockers
        if blocker.kind in _LASTING or (blocker.kind is BlockerKind.RUNNING and blocker.pace is Pace.NEVER)
    )


def tells_news(now: Collection[str], told: Collection[str]) -> bool:
    """Whether there is something that was not told before. That less is left is no news."""
    return not set(now) <= set(told)


def _text(blocker: Blocker) -> str:
    if blocker.kind is BlockerKind.RUNNING:
        return f"job {blocker.task_id} ({blocker.task}) on {blocker.worker}: nothing says that it will end"
    if blocker.kind is BlockerKind.UNDELIVERED:
        return f"worker {blocker.worker}: gone, and its jobs are not back"
    return f"worker {blocker.worker}: does not answer"
