"""`maintenance schedule`: windows that begin by themselves, once or again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import click

from guard.cli.enable import seconds_of, terms_options
from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import print_json
from guard.cli.scope_options import scope_options
from guard.cli.where import find_guard
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api.schedule import PlannedWindow

__all__ = ["schedule"]

_EXAMPLE = 'schedule add -r "Reindex" --at "2026-12-06 02:00" -d 90m --every "FREQ=WEEKLY;BYDAY=SU"'


def _plan_options(function: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the options that a plan is made of, none of them required."""
    for option in reversed(
        (
            click.option(
                "-n", "--name", default=None, metavar="NAME", help="What people call it; used once."
            ),
            click.option("-r", "--reason", default=None, metavar="TEXT", help="Why; users see it. One line."),
            click.option(
                "--at",
                default=None,
                metavar="TIME",
                help="Local time of the first start: '2026-12-01 02:00'.",
            ),
            click.option(
                "-z",
                "--zone",
                default=None,
                metavar="ZONE",
                help="Europe/Berlin.  [default: GUARD_TIME_ZONE]",
            ),
            click.option(
                "-d",
                "--duration",
                default=None,
                metavar="TIME",
                help="How long: 90m, 2h, seconds; or auto: from how long such windows took, and 25 % more.",
            ),
            click.option(
                "--end",
                default=None,
                metavar="TIME",
                help="Instead of a duration: local time of the first end.",
            ),
            click.option(
                "-e",
                "--every",
                default=None,
                metavar="RULE",
                help="Again and again, by RFC 5545: 'FREQ=WEEKLY;BYDAY=SU'. Empty: once.",
            ),
            click.option(
                "--except",
                "skipped",
                multiple=True,
                metavar="TIME",
                help="A local date or time at which it does not begin. May be repeated.",
            ),
            click.option("-m", "--mode", default=None, metavar="MODE", help="normal or test."),
            click.option(
                "--notice",
                default=None,
                metavar="TIMES",
                help="How long before each start it is announced: 72h,24h,1h.  [default: GUARD_NOTICE_TIMES]",
            ),
            click.option(
                "--look-ahead",
                default=None,
                metavar="TIME",
                help="So long before, jobs that would cross the start wait.  [default: GUARD_LOOK_AHEAD]",
            ),
            scope_options,
            click.option(
                "--extend-by",
                default=None,
                metavar="TIME",
                help="Move its end by so much while the drain, the verifying or the work still goes on.",
            ),
            click.option(
                "--max-extensions", type=int, default=None, metavar="NUMBER", help="How often at most."
            ),
            click.option(
                "--auto-end/--no-auto-end",
                default=None,
                help="Whether it ends by itself at its planned end.  [default: yes]",
            ),
            click.option(
                "--verify/--no-verify",
                default=None,
                help="Keep a stage before the release: holders of a bypass first.  [default: no]",
            ),
            terms_options,
        )
    ):
        function = option(function)
    return function


@click.group(
    "schedule",
    invoke_without_command=True,
    epilog=epilog(
        f"{_EXAMPLE}\nschedule list\nschedule cancel Reindex",
        *(Exit.DONE, Exit.INVALID, Exit.AWAY, Exit.NOT_FOUND),
    ),
)
@json_option
@click.pass_context
def schedule(ctx: click.Context, *, as_json: bool) -> None:
    """Plan windows that are announced, begin and end by themselves.

    Beat brings them on: it must run, with a worker for its queue. Without a command the plans are listed.
    """
    names = ("add", "list", "show", "change", "cancel")
    ctx.default_map = {name: {"as_json": as_json} for name in names}
    if ctx.invoked_subcommand is None:
        _list(ctx, starts=1, cancelled=False, as_json=as_json)


@command("add", example=_EXAMPLE, exits=(Exit.AWAY,))
@_plan_options
@by_option
@json_option
def add(ctx: click.Context, *, by: str, as_json: bool, **options: Any) -> None:
    """Plan a window, once or again and again.

    All problems are told at once, and then nothing was changed. Where it overlaps with another plan both go
    on as one window, and the output says so.
    """
    wanted = _wanted(options)
    problems = wanted.pop("problems")
    values = {"reason": "", "at": "", "mode": "normal", "every": "", **wanted}
    values.setdefault("name", values["reason"][:60].strip() or "planned window")
    planned = find_guard(ctx).schedule
    if problems:
        # what was misspelt is told together with what only the guard can judge
        values.setdefault("duration", None if "end" in values else 1)
        _tell_all(problems, lambda: planned.check(by=by, **values))
    _show(ctx, planned.add(by=by, **values), "planned", as_json=as_json)


@command("list", example="schedule list --starts 3", exits=(Exit.AWAY,))
@click.option(
    "-s",
    "--starts",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Starts to come, of each.",
)
@click.option("--all", "cancelled", is_flag=True, help="Also those that are cancelled or over.")
@json_option
def list_planned(ctx: click.Context, *, starts: int, cancelled: bool, as_json: bool) -> None:
    """List the plans by their next start. `schedule` alone does the same."""
    _list(ctx, starts=starts, cancelled=cancelled, as_json=as_json)


@command("show", example="schedule show Reindex", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("ref", metavar="NAME|ID")
@json_option
def show(ctx: click.Context, *, ref: str, as_json: bool) -> None:
    """Show a plan, its next starts, and what became of the last ones."""
    _show(ctx, find_guard(ctx).schedule.show(ref), "", as_json=as_json)


@command("change", example="schedule change Reindex --duration 2h", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("ref", metavar="NAME|ID")
@_plan_options
@by_option
@json_option
def change(ctx: click.Context, *, ref: str, by: str, as_json: bool, **options: Any) -> None:
    """Change a plan. What you do not give stays as it is.

    A window that has begun goes on as it was agreed on; `maintenance change` changes that.
    """
    wanted = _wanted(options)
    problems = wanted.pop("problems")
    planned = find_guard(ctx).schedule
    if problems:
        _tell_all(problems, lambda: planned.check(ref, by=by, **wanted))
    _show(ctx, planned.change(ref, by=by, **wanted), "changed", as_json=as_json)


@command("cancel", example="schedule cancel Reindex", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("ref", metavar="NAME|ID")
@by_option
@json_option
def cancel(ctx: click.Context, *, ref: str, by: str, as_json: bool) -> None:
    """Plan no more starts. A window that has begun goes on to its planned end."""
    _show(ctx, find_guard(ctx).schedule.cancel(ref, by=by), "cancelled", as_json=as_json)


for _command in (add, list_planned, show, change, cancel):
    schedule.add_command(_command)


def _wanted(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `Guard.schedule`, of what was given; and `problems` of spelling."""
    from guard.core.durations import parse_durations

    problems: list[str] = []
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    for name in ("grace", "drain_within", "look_ahead", "extend_by", "duration"):
        if name in given and str(given[name]).strip().lower() != "auto":
            given[name] = seconds_of(given[name], problems)
    if "notice" in given:
        try:
            given["notices"] = parse_durations(given.pop("notice"))
        except InvalidRequest as error:
            problems += [problem.replace("duration", "notice", 1) for problem in error.problems]
    scope = {
        part: given.pop(part) for part in ("operations", "queues", "tenant_key", "tenants") if part in given
    }
    if scope:
        given["scope"] = scope
    return {name: value for name, value in given.items() if value is not None} | {"problems": problems}


def _tell_all(problems: list[str], check: Callable[[], object]) -> NoReturn:
    try:
        check()
    except InvalidRequest as error:
        raise InvalidRequest(*error.problems, *problems) from None
    raise InvalidRequest(*problems)


def _list(ctx: click.Context, *, starts: int, cancelled: bool, as_json: bool) -> None:
    found = find_guard(ctx).schedule.list(starts=starts, cancelled=cancelled)
    if as_json:
        print_json({"schedules": [one.to_dict() for one in found]})
        return
    from guard.cli.schedule_screen import list_screen

    list_screen(ctx, found).show()


def _show(ctx: click.Context, seen: PlannedWindow, outcome: str, *, as_json: bool) -> None:
    if as_json:
        print_json(({"outcome": outcome} if outcome else {}) | seen.to_dict())
        return
    from guard.cli.schedule_screen import plan_screen

    plan_screen(ctx, seen, outcome).show()
