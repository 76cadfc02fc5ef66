"""The first page: how it stands now, what blocks the drain, what was refused, and what can be done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.counts import Count
from guard.core.drain import BlockerKind
from guard.core.modes import Phase
from guard.web.admin.answers import Answer, asked
from guard.web.admin.plot import make_plot

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.core.drain import DrainView
    from guard.web.admin.desk import Desk
    from guard.web.admin.plot import Plot

__all__ = ["Attempts", "add_pages", "attempts_of"]

_MOST_BLOCKERS = 100
_SHORTEST_SECONDS = 600.0
_LONGEST_SECONDS = 24 * 3600.0
"""What the plot shows at least and at most, before now or before the window's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What was refused in a window.

    Attributes:
        rows: operation, how often, last time (UTC seconds or None), most first.
        total: sum of all.
        plot: over time; None where only sums are known.
    """

    rows: tuple[tuple[str, int, float | None], ...]
    total: int
    plot: Plot | None


def add_pages(desk: Desk) -> None:
    """The first page, and the word of an operator for a worker that does not answer."""

    def now() -> ResponseReturnValue:
        status = desk.standing.now().status
        draining = status.phase == Phase.DRAINING
        progress = asked(desk.guard.look) if draining else Answer(None)
        window_id = _window_id(desk) if status.is_active else None
        return desk.page(
            "now.html",
            progress=progress,
            drain=_view(progress),
            most_blockers=_MOST_BLOCKERS,
            done_share=_done_share(desk, progress, window_id),
            attempts=attempts_of(desk, window_id) if window_id else None,
            ready_to_end=status.phase in {Phase.ACTIVE.value, Phase.VERIFYING.value},
            BlockerKind=BlockerKind,
        )

    desk.blueprint.add_url_rule("/", "now", now)


def _window_id(desk: Desk) -> str | None:
    return asked(lambda: desk.guard.durable.read().window_id).value


def _view(progress: Answer[Any]) -> DrainView | None:
    return progress.value.view if progress.value is not None else None


def _done_share(desk: Desk, progress: Answer[Any], window_id: str | None) -> tuple[int, int] | None:
    """How many of the jobs that ran when the gates closed have ended, and how many there were; None when that
    is not known."""
    view = _view(progress)
    if view is None or window_id is None or view.unknown:
        return None
    account = asked(lambda: desk.guard.account(window_id)).value
    if account is None:
        return None
    ran = account.total(Count.RUNNING)
    left = sum(blocker.kind is BlockerKind.RUNNING for blocker in view.blockers)
    return (max(0, ran - left), ran) if ran >= left and ran else None


def attempts_of(desk: Desk, window_id: str, *, ended_at: float | None = None) -> Answer[Attempts]:
    """What was refused in a window: by the web's own counts, with times, and jobs by the window's account."""
    counted = asked(lambda: desk.guard.attempts.of(window_id))
    account = asked(lambda: desk.guard.account(window_id))
    if account.value is None and counted.value is None:
        return Answer(None, counted.problem or account.problem)
    sums: dict[str, tuple[int, float | None]] = {}
    if account.value is not None:
        for operation, number in account.value.by_operation(Count.REFUSED).items():
            sums[operation] = (number, None)
    plot = None
    if counted.value is not None:
        view = counted.value
        for operation, one in view.operations.items():
            number, _ = sums.get(operation, (0, None))
            # The account has those of the web as well, a moment later or earlier.
            sums[operation] = (max(number, one.attempt_count), one.last_attempt)
        end = ended_at or time.time()
        minutes = {minute: sum(by_operation.values()) for minute, by_operation in view.minutes}
        start = max(min([*minutes, end - _SHORTEST_SECONDS]), end - _LONGEST_SECONDS)
        plot = make_plot(minutes, start=start, end=end)
    rows = sorted(((name, *value) for name, value in sums.items()), key=lambda row: -row[1])
    total = sum(row[1] for row in rows)
    return Answer(Attempts(rows=tuple(rows), total=total, plot=plot), account.problem or counted.problem)
