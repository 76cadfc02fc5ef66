"""`maintenance sessions`: the application's sessions, counted, swept, ended, let in again."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from guard.cli.enable import is_confirmed, window_screen
from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, known, moment, print_json, short_time
from guard.cli.where import find_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.api import Guard
    from guard.core.session_sweep import SessionStats, SessionSweep

__all__ = ["sessions"]

_dry_run = click.option("-n", "--dry-run", is_flag=True, help="Only count; change nothing.")


@click.group(
    "sessions",
    invoke_without_command=True,
    epilog=epilog(
        "sessions stats\nsessions invalidate --dry-run\nsessions allow",
        *(Exit.DONE, Exit.INVALID, Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY),
    ),
)
@json_option
@click.pass_context
def sessions(ctx: click.Context, *, as_json: bool) -> None:
    """Count the application's sessions, delete what is over, end those of non-admins, let all sign in again.

    Sessions are in Redis under GUARD_SESSION_PREFIX and in the table user_sessions; who is an admin says
    the table users. `sessions` alone is `sessions stats`.
    """
    ctx.default_map = {name: {"as_json": as_json} for name in ("stats", "sweep", "invalidate", "allow")}
    if ctx.invoked_subcommand is None:
        _stats(ctx, as_json=as_json)


@command("stats", example="sessions stats --json", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@json_option
def stats(ctx: click.Context, *, as_json: bool) -> None:
    """Say what sessions there are, whose, and which are still accepted.

    Exit code 4: of some nobody could say whether they are an admin's. 5: a server did not answer.
    """
    _stats(ctx, as_json=as_json)


@command("sweep", example="sessions sweep --dry-run", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@_dry_run
@json_option
def sweep(ctx: click.Context, *, dry_run: bool, as_json: bool) -> None:
    """Delete sessions that are over by their own account, and those that are no longer accepted.

    Age is that of the session, never the time to live of its key. Admins keep sessions that are not over.
    Beat does this every MAINTENANCE_CLEANUP_INTERVAL seconds.

    Exit code 4: something is left that nobody could judge. 5: a server did not answer.
    """
    guard = find_guard(ctx)
    with _bar(guard, "looking at sessions") as seen:
        done = guard.sessions.sweep(dry_run=dry_run, seen=seen)
    _tell(ctx, done, "Swept", as_json=as_json)


@command("invalidate", example="sessions invalidate --dry-run", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@_dry_run
@by_option
@json_option
def invalidate(ctx: click.Context, *, dry_run: bool, by: str, as_json: bool) -> None:
    """End all sessions of non-admins now, in a window or outside of one.

    First no process accepts them any more, which takes milliseconds, or some seconds when one does not
    answer. Then their keys and rows are deleted; if this command is interrupted meanwhile, a worker goes on.
    Admins keep theirs. Whoever may sign in can do so at once.

    Exit code 4: they are ended, but a process did not answer, or something is left that nobody could judge.
    """
    guard = find_guard(ctx)
    with _bar(guard, "deleting sessions") as seen:
        done = guard.sessions.invalidate(by=by, dry_run=dry_run, seen=seen)
    _tell(ctx, done, "Ended", as_json=as_json)


@command("allow", example="sessions allow", exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY))
@by_option
@json_option
def allow(ctx: click.Context, *, by: str, as_json: bool) -> None:
    """Let everybody sign in again although the window goes on.

    What it blocks stays blocked, and sessions that it ended stay ended.
    """
    window = find_guard(ctx).sessions.allow(by=by)
    if as_json:
        print_json(window.to_dict())
    else:
        screen = window_screen(ctx, window)
        screen.row("may sign in", "everybody")
        screen.show()
    ctx.exit(Exit.DONE if is_confirmed(window) else Exit.UNCONFIRMED)


for _command in (stats, sweep, invalidate, allow):
    sessions.add_command(_command)


def _stats(ctx: click.Context, *, as_json: bool) -> None:
    guard = find_guard(ctx)
    with _bar(guard, "looking at sessions") as seen:
        told = guard.sessions.stats(seen=seen)
    if as_json:
        print_json(told.to_dict())
    else:
        _stats_screen(ctx, told).show()
    ctx.exit(Exit.AWAY if told.problems else Exit.UNCONFIRMED if told.unknown else Exit.DONE)


def _tell(ctx: click.Context, done: SessionSweep, verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(done.to_dict())
    else:
        _sweep_screen(ctx, done, verb).show()
    if done.problems:
        ctx.exit(Exit.AWAY)
    ctx.exit(Exit.DONE if done.is_settled and done.proof in {"", "acknowledged"} else Exit.UNCONFIRMED)


@contextmanager
def _bar(guard: Guard, label: str) -> Iterator[Callable[[Any], None] | None]:
    """A bar on the error stream, when a person looks at it. Redis counts all of its keys alike, so where it
    holds others too the bar jumps at its end."""
    total = guard.sessions.total() if sys.stderr.isatty() else None
    if not total:
        yield None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr, show_pos=True) as bar:
        yield lambda seen: bar.update(min(_number(seen), total) - bar.pos)
        bar.update(total - bar.pos)


def _number(seen: int | SessionSweep) -> int:
    return seen if isinstance(seen, int) else seen.seen or 0


def _sweep_screen(ctx: click.Context, done: SessionSweep, verb: str) -> Screen:
    screen = Screen(ctx)
    whole = "" if done.complete else ", not all of them yet"
    if done.dry_run:
        screen.head(f"Nothing was changed; this would be done{whole}:")
    else:
        screen.head(f"{verb} in {short_time(done.seconds)}{whole}; generation {done.generation}")
    screen.row("looked at", counted(done.seen, "session"))
    screen.row("ended", _with(done.ended, f"{done.unreadable} of them unreadable" if done.unreadable else ""))
    screen.row("expired", counted(done.expired, "session"))
    screen.row("admins'", f"{done.admins} kept")
    screen.row("accepted", f"{done.accepted} kept")
    if done.unknown:
        screen.row("unknown", f"{done.unknown} kept: nobody could say whether they are an admin's", "warn")
    screen.row(
        "rows", f"{known(done.rows_ended)} set inactive, {known(done.rows_expired)} past their time deleted"
    )
    if done.rows_unknown:
        screen.row(
            "", f"{done.rows_unknown} left active: nobody could say whether they are an admin's", "warn"
        )
    if done.tokens is not None:
        screen.row("tokens", f"{done.tokens} cached ones dropped")
    if done.proof:
        tone = "good" if done.proof == "acknowledged" else "warn"
        screen.row(
            "refused", f"everywhere after {short_time(done.took or 0.0)} ({_PROOFS[done.proof]})", tone
        )
    if done.foreign:
        screen.note(f"{done.foreign} keys under the prefix are no sessions: left alone")
    if done.resumed:
        screen.note("went on where another sweep had stopped: the figures are of this part alone")
    for problem in done.problems:
        screen.note(problem, "bad")
    return screen


_PROOFS = {
    "acknowledged": "every process acknowledged",
    "time": "proven by time: whoever is silent may no longer believe what it last read",
    "none": "NOT PROVEN: the control plane could not be told",
}


def _stats_screen(ctx: click.Context, told: SessionStats) -> Screen:
    screen = Screen(ctx)
    screen.head(f"Sessions: {known(told.sessions)}")
    if told.sessions is not None:
        screen.row("whose", f"{told.admins} admins', {told.others} others'")
        more = {
            "of users that are gone": told.no_user,
            "unreadable": told.unreadable,
            "unknown": told.unknown,
        }
        screen.more(f"{number} {what}" for what, number in more.items() if number)
        screen.row("refused", f"{told.refused} no longer accepted", "warn" if told.refused else "")
        screen.row("expired", f"{told.expired} over by their own account")
        screen.row(
            "stored as", f"{told.strings} text, {told.hashes} hashes, {told.endless} without a time to live"
        )
    screen.row("rows", f"{known(told.rows_active)} active, {known(told.rows_expired)} past their time")
    since = f", since {moment(told.valid_after)}" if told.valid_after is not None else ""
    screen.row("generation", f"{known(told.generation)}{since}")
    allowed = {True: "everybody", False: "admins only", None: "unknown"}[told.sign_in]
    screen.row("may sign in", allowed, "warn" if told.sign_in is False else "")
    if told.foreign:
        screen.note(f"{told.foreign} keys under the prefix are no sessions")
    for problem in told.problems:
        screen.note(problem, "bad")
    return screen


def _with(number: int, more: str) -> str:
    return counted(number, "session") + (f", {more}" if more else "")
