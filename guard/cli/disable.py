"""`maintenance disable`: end the window; parked jobs go back to their queues."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit
from guard.cli.failures import failure_of
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, print_json
from guard.cli.where import find_guard
from guard.core.durations import humanize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.api import Guard
    from guard.orchestrator.window import Window

__all__ = ["disable"]


@command("disable", example="disable", exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY))
@click.option(
    "--unverified",
    is_flag=True,
    help="Also without the stage that `enable --verify` asked for.",
)
@by_option
@json_option
def disable(ctx: click.Context, *, unverified: bool, by: str, as_json: bool) -> None:
    """End the maintenance window.

    The gates open, workers take from their queues again, and parked jobs go back to the queues they
    came from. If this command is interrupted meanwhile, a worker goes on with it.

    Exit code 4 means that the window has ended and that jobs are still parked, or that nobody could
    say so.
    """
    guard = find_guard(ctx)
    with _progress(guard) as progress:
        window = guard.disable(by=by, unverified=unverified, progress=progress)
    length = time.time() - window.started_at
    if as_json:
        print_json({**window.to_dict(), "length": round(length, 3)})
    else:
        _screen(ctx, window, length).show()
    done = window.still_parked == 0 and not window.warnings
    ctx.exit(Exit.DONE if done else Exit.UNCONFIRMED)


@contextmanager
def _progress(guard: Guard) -> Iterator[Callable[[int], None] | None]:
    """A bar on the error stream while jobs go back, when a person looks at it."""
    total = _parked(guard) if sys.stderr.isatty() else 0
    if not total:
        yield None
        return
    with click.progressbar(length=total, label="giving jobs back", file=sys.stderr, show_pos=True) as bar:
        yield lambda released: bar.update(min(released, total) - bar.pos)


def _parked(guard: Guard) -> int:
    try:
        return len(guard.parked)
    except Exception as error:
        if failure_of(error) is None:
            raise
        return 0  # a bar is not worth failing for; `disable` says itself what is away


def _screen(ctx: click.Context, window: Window, length: float) -> Screen:
    screen = Screen(ctx)
    done = window.still_parked == 0
    screen.head(f"Maintenance {_ending(window.still_parked)}: {window.mode} window, epoch {window.epoch}")
    screen.row("reason", window.reason)
    screen.row("length", humanize(length))
    screen.row("released", counted(window.released, "job"), "good" if window.released else "")
    screen.row("expired", counted(window.expired, "job"), "warn" if window.expired else "")
    screen.row("still parked", counted(window.still_parked, "job"), "" if done else "bad")
    for warning in window.warnings:
        screen.note(warning)
    if not done:
        screen.note("a worker goes on with the release every few seconds; see `maintenance parked`")
    return screen


def _ending(still_parked: int | None) -> str:
    if still_parked is None:
        return "has ended, whether jobs are still parked is unknown"
    return "has ended, some jobs are still parked" if still_parked else "is over"
