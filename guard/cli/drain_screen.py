"""A drain for people: a bar, and each blocker by name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from guard.cli.render import Screen, counted, moment, short_time
from guard.core.drain import Basis, Blocker, BlockerKind, Pace
from guard.core.durations import humanize
from guard.core.modes import Phase

if TYPE_CHECKING:
    import click

    from guard.core.drain import DrainView
    from guard.core.state import GuardState
    from guard.orchestrator.advancing import Progress

__all__ = ["drain_screen"]

_BAR_WIDTH = 24
_MOST_ROWS = 30
_HEADLINES = {
    Phase.INACTIVE: ("No window is open: nothing to drain", ""),
    Phase.CLOSING: ("The gates are closing", "warn"),
    Phase.DRAINING: ("Draining", "warn"),
    Phase.ACTIVE: ("Drained: no guarded job is left in any worker", "good"),
    Phase.VERIFYING: ("Drained, and being verified", "good"),
    Phase.RELEASING: ("The window has ended: jobs go back to their queues", ""),
}

_BAD = {BlockerKind.SILENT, BlockerKind.UNDELIVERED}


def drain_screen(ctx: click.Context, progress: Progress, *, total: int | None) -> Screen:
    """How far the drain is. `total` is the most blockers seen so far, for the bar; None: no bar."""
    screen = Screen(ctx)
    state, view = progress.state, progress.view
    text, tone = _HEADLINES[state.phase]
    screen.head(f"{text} (epoch {state.epoch})", tone)
    if view is None:
        return screen
    if total:
        screen.line(f"  {_bar(total - len(view.blockers), total)}")
    screen.row("left", counted(len(view.blockers), "blocker"))
    screen.row("over in", _end(view))
    _deadline(screen, state)
    for unknown in view.unknown:
        screen.note(f"unknown: {unknown}", "bad")
    _jobs(screen, [blocker for blocker in view.blockers if blocker.kind is BlockerKind.RUNNING])
    for blocker in view.blockers:
        if blocker.kind is not BlockerKind.RUNNING:
            screen.note(_sentence(blocker), "bad" if blocker.kind in _BAD else "warn")
    return screen


def _bar(done: int, total: int) -> str:
    filled = round(_BAR_WIDTH * max(0, done) / total)
    return f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {max(0, done)} of {total} ended"


def _end(view: DrainView) -> str:
    if view.unknown:
        return "unknown"
    if view.ends_in is None:
        return "nobody can say: see below"
    return f"about {short_time(view.ends_in)}" if view.blockers else "now"


def _deadline(screen: Screen, state: GuardState) -> None:
    deadline = state.drain_deadline
    if deadline is None:
        return
    left = deadline - time.time()
    when = f"in {humanize(left)}" if left >= 0 else f"over by {humanize(-left)}"
    text = f"{moment(deadline)} ({when}), then: {state.terms.at_deadline.value}"
    screen.row("deadline", text, "" if left >= 0 else "warn")


def _jobs(screen: Screen, jobs: list[Blocker]) -> None:
    if not jobs:
        return
    rows: list[tuple[str, ...]] = [
        (
            job.worker,
            job.task,
            job.task_id,
            short_time(job.running_for or 0.0),
            short_time(job.limit) if job.limit is not None else "none",
            _estimate(job),
        )
        for job in jobs[:_MOST_ROWS]
    ]
    screen.line()
    screen.table(("worker", "task", "job", "for", "limit", "ends in"), rows)
    if len(jobs) > _MOST_ROWS:
        screen.line(f"  … {len(jobs) - _MOST_ROWS} more")
    screen.line()


def _estimate(job: Blocker) -> str:
    if job.pace is Pace.NEVER:
        return "never? no time limit, and longer than any past run"
    about = short_time(job.ends_in or 0.0)
    basis = "past runs" if job.basis is Basis.PAST_RUNS else "its time limit"
    return f"{about} by {basis}{', slow' if job.pace is Pace.SLOW else ''}"


def _sentence(blocker: Blocker) -> str:
    match blocker.kind:
        case BlockerKind.SILENT:
            since = f" for {humanize(blocker.running_for)}" if blocker.running_for is not None else ""
            node = blocker.worker.split(" ", maxsplit=1)[0]
            return (
                f"{blocker.worker} does not answer{since}: wake it, or make sure that it runs nothing "
                f"and say `maintenance drain --vouch {node}`"
            )
        case BlockerKind.UNDELIVERED:
            node = blocker.worker.split(" ", maxsplit=1)[0]
            return (
                f"{blocker.worker} is gone, and its jobs are not back with the broker: which they are is "
                "known once no other worker holds jobs back and no consumer without a guard takes any; to "
                f"go on without them say `maintenance drain --vouch {node}`"
            )
        case BlockerKind.UNCONFIRMED:
            return f"{blocker.worker} does not follow this epoch yet"
        case BlockerKind.RESERVED:
            return f"{blocker.worker} gives back {counted(blocker.count, 'reserved job')}"
        case BlockerKind.ENDING:
            return f"{blocker.worker} stores the results of {counted(blocker.count, 'job')}"
        case BlockerKind.FINISHING:
            return (
                f"{blocker.task} {blocker.task_id} goes on, it is in {blocker.worker} for "
                f"{humanize(blocker.running_for or 0.0)}; if it was lost with its worker say "
                f"`maintenance drain --vouch {blocker.task_id}`"
            )
        case _:
            return f"{blocker.worker} has lost {counted(blocker.count, 'pool child', 'pool children')}"
