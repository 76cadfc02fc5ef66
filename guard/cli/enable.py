"""`maintenance enable`: begin a window, and say what was seen when the gates closed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, moment, print_json, short_time
from guard.cli.scope_options import scope_of, scope_options, scope_said
from guard.cli.where import find_guard, load_task_modules
from guard.core.changes import WindowRequest
from guard.core.durations import humanize, parse_duration
from guard.core.modes import Phase
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api import Guard
    from guard.orchestrator.window import Window

__all__ = [
    "enable",
    "is_confirmed",
    "seconds_of",
    "tell_of_messages",
    "tell_of_sessions",
    "terms_options",
    "window_screen",
]

_SILENT_SECONDS = 1.0
"""For how long sessions are deleted without a word."""


def terms_options(function: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the options for grace period, drain and sessions."""
    for option in (
        click.option(
            "--sessions",
            default=None,
            metavar="POLICY",
            help="invalidate: end those of non-admins, who may not sign in until the window ends; or keep.  "
            "[default: GUARD_SESSIONS_NORMAL, in an emergency EMERGENCY_MODE_SESSION_CLEANUP]",
        ),
        click.option(
            "--at-deadline",
            default=None,
            metavar="POLICY",
            help="What happens if jobs still run then: wait, extend, escalate or abort.  [default: wait]",
        ),
        click.option(
            "--drain-within",
            default=None,
            metavar="TIME",
            help="Time in which all guarded jobs should have ended, from the start.",
        ),
        click.option(
            "--grace",
            default=None,
            metavar="TIME",
            help="In an emergency: time between asking a job to stop and ending it.  "
            "[default: EMERGENCY_MODE_JOB_GRACE_PERIOD]",
        ),
    ):
        function = option(function)
    return function


@command(
    "enable",
    example='enable --reason "Database upgrade" --duration 90m\n'
    'enable --mode emergency --reason "Disk full on db1" --json\n'
    'enable --reason "Models move" --only-operation caption_generation',
    exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY),
)
@click.option("-r", "--reason", default="", metavar="TEXT", help="Why; users see it. One line.  [required]")
@click.option(
    "-m", "--mode", default="normal", show_default=True, metavar="MODE", help="normal, emergency or test."
)
@click.option(
    "-d",
    "--duration",
    default=None,
    metavar="TIME",
    help="Planned length: 90m, 2h, 1h30m, or seconds.  [default: MAINTENANCE_DEFAULT_TIMEOUT]",
)
@terms_options
@scope_options
@click.option("--verify", is_flag=True, help="Keep a stage before the release: holders of a bypass first.")
@click.option(
    "--notify-users/--no-notify-users",
    default=True,
    show_default=True,
    help="Whether users are told that it begins, changes and ends. Operators always are.",
)
@click.option("-w", "--wait", is_flag=True, help="Then wait until no job is left, as `drain --watch` does.")
@by_option
@json_option
def enable(
    ctx: click.Context,
    *,
    reason: str,
    mode: str,
    duration: str | None,
    grace: str | None,
    drain_within: str | None,
    at_deadline: str | None,
    sessions: str | None,
    operations: tuple[str, ...],
    queues: tuple[str, ...],
    tenant_key: str | None,
    tenants: tuple[str, ...],
    verify: bool,
    notify_users: bool,
    wait: bool,
    by: str,
    as_json: bool,
) -> None:
    """Begin a maintenance window.

    Returns when the gates are closed: no guarded job starts on a worker listed as acknowledged until
    the window ends. Usually that takes milliseconds; when a worker is silent it takes as long as a
    worker may believe what it last read (about 6 seconds). Jobs that run go on.

    --only-operation, --only-queue and --tenant narrow it: a job is meant when it fits each that is given, and
    outside of that nothing changes.

    Exit code 4 means that the window is open, and that some worker did not answer, or that a consumer
    without a guard was found or could not be ruled out.
    """
    guard = find_guard(ctx)
    load_task_modules(ctx)
    problems: list[str] = []
    scope = scope_of(
        guard.operations,
        problems,
        operations=operations,
        queues=queues,
        tenant_key=tenant_key,
        tenants=tenants,
    )
    terms = _checked(
        problems,
        mode=mode,
        reason=reason,
        by=by,
        duration=duration,
        grace=grace,
        drain_within=drain_within,
        at_deadline=at_deadline or "wait",
        sessions=sessions,
    )
    window = guard.enable(
        reason=reason, by=by, mode=mode, verify=verify, scope=scope, notify_users=notify_users, **terms
    )
    if as_json and not wait:
        print_json(window.to_dict())
    elif not as_json:
        window_screen(ctx, window).show()
    if not wait:
        tell_of_sessions(guard)
        tell_of_messages(guard)
    if wait:
        from guard.cli.drain import watch_drain

        ctx.exit(watch_drain(ctx, guard, within=None, as_json=as_json))
    ctx.exit(Exit.DONE if is_confirmed(window) else Exit.UNCONFIRMED)


def tell_of_sessions(guard: Guard) -> None:
    """The window is open, and this process may still delete sessions that it ended: say so to a person who
    would wonder what it waits for. Interrupting it is safe: a worker goes on."""
    if not guard.sessions.wait(_SILENT_SECONDS) and sys.stderr.isatty():
        click.echo("deleting sessions that were ended; Ctrl-C leaves it to the workers", err=True)
    guard.sessions.wait()


def tell_of_messages(guard: Guard) -> None:
    """This process may still be sending messages: say so to a person who would wonder what it waits for."""
    if not guard.notifications.wait(_SILENT_SECONDS) and sys.stderr.isatty():
        click.echo("telling people; what this does not send in some seconds, beat does", err=True)


def _checked(
    others: list[str],
    *,
    mode: str,
    reason: str,
    by: str,
    at_deadline: str,
    sessions: str | None,
    **times: str | None,
) -> dict[str, Any]:
    """The terms, times in seconds. All problems are told at once, those of spelling and the others too."""
    problems: list[str] = []
    seconds: dict[str, Any] = {name: seconds_of(text, problems) for name, text in times.items()}
    try:
        WindowRequest.check(
            mode=mode, reason=reason, by=by, at_deadline=at_deadline, sessions=sessions, **seconds
        )
    except InvalidRequest as error:
        problems = [*error.problems, *problems]
    if problems or others:
        raise InvalidRequest(*problems, *others)
    return {"at_deadline": at_deadline, "sessions": sessions, **seconds}


def seconds_of(text: str | None, problems: list[str]) -> int | None:
    """Seconds from what a person wrote; a problem is added, not raised. ``0`` is a time too."""
    if text is None or text.strip() == "0":
        return None if text is None else 0
    try:
        return parse_duration(text)
    except InvalidRequest as error:
        problems += error.problems
        return None


def is_confirmed(window: Window) -> bool:
    """Whether every gate is known to follow. A change that closes nothing more has no proof to give; its
    one warning is that the control plane was not told."""
    if not window.proof:
        return not window.warnings
    return window.proof == "acknowledged" and not window.unconfirmed and window.unguarded == ()


def window_screen(ctx: click.Context, window: Window) -> Screen:
    """A window as it was just opened or changed."""
    screen = Screen(ctx)
    if window.mode == "test":
        screen.head(f"Rehearsal is on (epoch {window.epoch}): nothing is blocked, everything is recorded")
    else:
        screen.head(f"Maintenance is on: {window.mode} window, epoch {window.epoch}")
    screen.row("reason", window.reason)
    screen.row("by", window.by)
    only = scope_said(window.scope)
    if only:
        screen.row("only", only, "warn")
    if window.planned_end is not None:
        length = humanize(window.planned_end - window.started_at)
        screen.row("planned end", f"{moment(window.planned_end)} ({length})")
    if not window.proof:  # a change that closed nothing more
        screen.row("phase", window.phase)
        for warning in window.warnings:
            screen.note(warning)
        return screen
    tone = "good" if is_confirmed(window) else "bad" if window.proof == "none" else "warn"
    word = "verifying" if window.phase == Phase.VERIFYING else "closed"
    screen.row(f"{word} in", f"{short_time(window.took)}, {_proof(window)}", tone)
    if window.acknowledged is not None:
        _fleet(screen, window)
    else:
        for label in ("acknowledged", "unconfirmed", "publishers", "running"):
            screen.row(label, "unknown", "bad")
    if window.unguarded is None:
        screen.row("no guard", "unknown: it cannot be told which consumers have no guard", "bad")
    else:
        _names(screen, "no guard", window.unguarded, "consumer", "bad")
    screen.row("window", window.window_id)
    for warning in (*window.warnings, *_advice(window)):
        screen.note(warning)
    return screen


def _fleet(screen: Screen, window: Window) -> None:
    _names(screen, "acknowledged", window.acknowledged or (), "worker", "")
    _names(screen, "unconfirmed", window.unconfirmed or (), "worker", "bad")
    screen.row("publishers", f"{counted(window.producers, 'process', 'processes')} acknowledged")
    if window.running is None:
        screen.row("running", "unknown", "bad")
        return
    screen.row("running", counted(len(window.running), "guarded job") if window.running else "none")
    now = time.time()
    screen.more(
        f"{job.task} {job.task_id} on {job.worker}, for {humanize(now - job.since)}"
        for job in window.running
    )


def _proof(window: Window) -> str:
    if window.proof == "none":
        return "NOT PROVEN: the control plane could not be told, some gates may still be open"
    if window.proof != "acknowledged":
        return "proven by time: whoever is silent may no longer believe what it last read"
    return "every worker acknowledged" if window.acknowledged else "no worker is registered"


def _names(screen: Screen, label: str, names: tuple[str, ...], noun: str, tone: str) -> None:
    screen.row(label, counted(len(names), noun) if names else "none", tone if names else "")
    screen.more(names)


def _advice(window: Window) -> list[str]:
    """What to do about what is not confirmed."""
    advice = []
    if window.unconfirmed:
        advice.append(
            "unconfirmed: their trust has run out, so no gate of theirs says open; a job frozen right "
            "before its start could still begin there: end or wake them before you touch its data"
        )
    if window.unguarded:
        advice.append(
            "no guard: these take jobs whatever the window says: stop them, or install the guard there"
        )
    return advice
