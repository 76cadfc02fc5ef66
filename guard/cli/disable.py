"""`maintenance disable`: end the window; parked jobs go back to their queues."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError, failure_of
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, print_json
from guard.cli.rollback_screen import comparison_screen, rolled_back_rows
from guard.cli.where import find_guard
from guard.core.durations import humanize
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.api import Guard
    from guard.orchestrator.rollback import Comparison
    from guard.orchestrator.window import Window

__all__ = ["disable"]


@command(
    "disable",
    example="disable\ndisable --rollback --dry-run\ndisable --rollback --yes --json",
    exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND),
)
@click.option(
    "--unverified",
    is_flag=True,
    help="Also without the stage that `enable --verify` asked for.",
)
@click.option(
    "--rollback",
    is_flag=True,
    help="Then restore what the window found when it opened. Shows the differences first, and asks.",
)
@click.option("--dry-run", is_flag=True, help="With --rollback: only show the differences.")
@click.option("-y", "--yes", is_flag=True, help="With --rollback: do not ask.")
@by_option
@json_option
def disable(
    ctx: click.Context,
    *,
    unverified: bool,
    rollback: bool,
    dry_run: bool,
    yes: bool,
    by: str,
    as_json: bool,
) -> None:
    """End the maintenance window.

    The gates open, workers take from their queues again, and parked jobs go back to the queues they
    came from. If this command is interrupted meanwhile, a worker goes on with it.

    With --rollback configuration rows and the queues that workers consume are then as they were when the
    window opened, and what cannot be undone from here is named. For a window that is over already it does
    only that, so it may be repeated.

    Exit code 4 means that the window has ended and that jobs are still parked, or that something was not
    restored, or that nobody could say so.
    """
    if (dry_run or yes) and not rollback:
        raise CommandError("UsageError", "--dry-run and --yes go with --rollback", Exit.INVALID)
    guard = find_guard(ctx)
    if rollback:
        found = _found(guard)
        if dry_run:
            _show_found(ctx, found, as_json=as_json)
            ctx.exit(Exit.UNCONFIRMED if found.unknown else Exit.DONE)
        _ask(ctx, found, yes=yes, as_json=as_json)
        if found.is_over:
            _roll_back(ctx, guard, found, by=by, as_json=as_json)
    with _progress(guard) as progress:
        window = guard.disable(by=by, unverified=unverified, rollback=rollback, progress=progress)
    length = time.time() - window.started_at
    if as_json:
        print_json({**window.to_dict(), "length": round(length, 3)})
    else:
        _screen(ctx, window, length).show()
    done = window.still_parked == 0 and not window.warnings
    restored = window.rolled_back is None or window.rolled_back.is_complete
    ctx.exit(Exit.DONE if done and restored else Exit.UNCONFIRMED)


def _found(guard: Guard) -> Comparison:
    try:
        return guard.differences()
    except InvalidRequest as error:
        raise CommandError("NoWindow", str(error), Exit.NOT_FOUND) from error


def _show_found(ctx: click.Context, found: Comparison, *, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict())
    else:
        comparison_screen(ctx, found).show()


def _ask(ctx: click.Context, found: Comparison, *, yes: bool, as_json: bool) -> None:
    """Show what would be done, and ask whether it should be."""
    if not yes and (as_json or not sys.stdin.isatty()):
        message = "--rollback changes what workers consume and rows of the configuration table: say --yes"
        raise CommandError("UsageError", message, Exit.INVALID)
    if not as_json:
        comparison_screen(ctx, found).show()
    if not yes:
        things = counted(len(found.undoable), "thing")
        what = f"Restore {things}?" if found.is_over else f"End the window and restore {things}?"
        click.confirm(what, abort=True, err=True)


def _roll_back(ctx: click.Context, guard: Guard, found: Comparison, *, by: str, as_json: bool) -> NoReturn:
    """Of a window that is over."""
    done = guard.rollback(found.window_id, by=by)
    if as_json:
        print_json({"window_id": done.window_id, "rolled_back": done.to_dict()})
    else:
        screen = Screen(ctx)
        screen.head(f"Window {done.window_id} was over already, and is rolled back")
        rolled_back_rows(screen, done)
        screen.show()
    ctx.exit(Exit.DONE if done.is_complete else Exit.UNCONFIRMED)


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
    if window.rolled_back is not None:
        rolled_back_rows(screen, window.rolled_back)
    for warning in window.warnings:
        screen.note(warning)
    if not done:
        screen.note("a worker goes on with the release every few seconds; see `maintenance parked`")
    return screen


def _ending(still_parked: int | None) -> str:
    if still_parked is None:
        return "has ended, whether jobs are still parked is unknown"
    return "has ended, some jobs are still parked" if still_parked else "is over"
