"""`maintenance drain`: what still runs in a window, and wait until nothing does."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from guard.cli.drain_screen import drain_screen
from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import print_json
from guard.cli.status import redraw
from guard.cli.where import find_guard
from guard.core.durations import parse_duration
from guard.core.modes import Phase

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.orchestrator.advancing import Progress

__all__ = ["drain", "watch_drain"]

_UNDER_WAY = frozenset({Phase.CLOSING, Phase.DRAINING})
_PLAIN_EVERY_SECONDS = 5.0


@command(
    "drain",
    example="drain --watch\ndrain --watch --within 30m\ndrain --vouch celery@dead-host",
    exits=(Exit.NOT_NOW, Exit.AWAY, Exit.NOT_DRAINED),
)
@click.option("-w", "--watch", is_flag=True, help="Wait until it is over, and show how far it is.")
@click.option("--within", default=None, metavar="TIME", help="With --watch: give up waiting after this time.")
@click.option(
    "--vouch",
    default=None,
    metavar="WORKER",
    help="Your word that this silent worker runs nothing any more. It is believed, and journaled.",
)
@by_option
@json_option
def drain(
    ctx: click.Context, *, watch: bool, within: str | None, vouch: str | None, by: str, as_json: bool
) -> None:
    """Show what still runs in the window, or wait until nothing does.

    Each job that blocks the drain is shown with its worker, for how long it has run, and an estimate
    with what it rests on: past runs or the job's time limit. A job is slow when it has run longer than
    it ever did, and "never" when nothing says that it will end. A worker that does not answer blocks the
    drain too: until it answers, is found to be gone, or you vouch for it.

    The window goes on by itself whether anybody watches or not. Ctrl-C only ends the watching.
    """
    seconds = parse_duration(within) if within is not None else None
    guard = find_guard(ctx)
    if vouch is not None:
        guard.vouch(vouch, by=by)
    if watch:
        ctx.exit(watch_drain(ctx, guard, within=seconds, as_json=as_json))
    ctx.exit(_told(ctx, guard.look(), as_json=as_json))


def watch_drain(ctx: click.Context, guard: Guard, *, within: float | None, as_json: bool) -> Exit:
    """Wait for the drain, showing how far it is on the error stream, and tell how it stands at the end."""
    return _told(ctx, _watch(ctx, guard, within, as_json=as_json), as_json=as_json)


def _told(ctx: click.Context, progress: Progress, *, as_json: bool) -> Exit:
    if as_json:
        print_json(progress.to_dict())
    else:
        drain_screen(ctx, progress, total=None).show()
    return _exit_code(progress)


def _exit_code(progress: Progress) -> Exit:
    if progress.view is not None and progress.view.unknown:
        return Exit.AWAY
    return Exit.NOT_DRAINED if progress.state.phase in _UNDER_WAY else Exit.DONE


def _watch(ctx: click.Context, guard: Guard, within: float | None, *, as_json: bool) -> Progress:
    total = 0
    quiet_until = 0.0

    def show(progress: Progress) -> None:
        nonlocal total, quiet_until
        total = max(total, len(progress.view.blockers) if progress.view is not None else 0)
        screen = drain_screen(ctx, progress, total=total)
        if sys.stderr.isatty():
            redraw(screen.lines, "Ctrl-C ends the watching, the window goes on", sys.stderr)
        elif not as_json and time.monotonic() >= quiet_until:
            click.echo("\n".join(screen.lines), err=True)
            quiet_until = time.monotonic() + _PLAIN_EVERY_SECONDS

    return guard.drain(within=within, seen=show)
