"""`maintenance change`: another mode, reason, length or terms for the window that is open."""

from __future__ import annotations

from typing import Any

import click

from guard.cli.enable import (
    is_confirmed,
    seconds_of,
    tell_of_messages,
    tell_of_sessions,
    terms_options,
    window_screen,
)
from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import print_json
from guard.cli.scope_options import scope_of, scope_options
from guard.cli.where import find_guard, load_task_modules
from guard.errors import InvalidRequest

__all__ = ["change"]


@command(
    "change",
    example="change --duration 3h\nchange --mode emergency --grace 10\nchange --mode normal\n"
    "change --only-queue captions\nchange --no-scope",
    exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY),
)
@click.option("-r", "--reason", default=None, metavar="TEXT", help="A new reason; users see it. One line.")
@click.option("-m", "--mode", default=None, metavar="MODE", help="normal or emergency.")
@click.option(
    "-d", "--duration", default=None, metavar="TIME", help="A new planned length, counted from the start."
)
@terms_options
@scope_options
@click.option("--no-scope", is_flag=True, help="Widen the window to everything that its mode blocks.")
@by_option
@json_option
def change(
    ctx: click.Context,
    *,
    reason: str | None,
    mode: str | None,
    duration: str | None,
    grace: str | None,
    drain_within: str | None,
    at_deadline: str | None,
    sessions: str | None,
    operations: tuple[str, ...],
    queues: tuple[str, ...],
    tenant_key: str | None,
    tenants: tuple[str, ...],
    no_scope: bool,
    by: str,
    as_json: bool,
) -> None:
    """Change the window that is open. What you do not give stays as it is.

    From normal to emergency: running jobs are asked to stop, and ended after their grace period. From
    emergency to normal: jobs that run are left alone again. A new scope replaces the old one as a whole, and
    gates are confirmed and workers drained once more.
    """
    guard = find_guard(ctx)
    load_task_modules(ctx)
    problems: list[str] = []
    terms: dict[str, Any] = {
        name: seconds_of(text, problems)
        for name, text in (("duration", duration), ("grace", grace), ("drain_within", drain_within))
    }
    scope = scope_of(
        guard.operations,
        problems,
        operations=operations,
        queues=queues,
        tenant_key=tenant_key,
        tenants=tenants,
    )
    if no_scope and scope is not None:
        problems.append("--no-scope widens to everything: leave out what would narrow the window")
    if problems:
        raise InvalidRequest(*problems)
    window = guard.change(
        by=by,
        mode=mode,
        reason=reason,
        at_deadline=at_deadline,
        sessions=sessions,
        scope={} if no_scope else scope,
        **terms,
    )
    if as_json:
        print_json(window.to_dict())
    else:
        window_screen(ctx, window).show()
    tell_of_sessions(guard)
    tell_of_messages(guard)
    ctx.exit(Exit.DONE if is_confirmed(window) else Exit.UNCONFIRMED)
