"""`maintenance routines`: what beat runs by the timetable, run by hand, and what came of it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, known, moment, print_json, safe
from guard.cli.where import find_guard
from guard.core.amounts import in_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api import Guard
    from guard.core.routine_result import Finding, RoutineRun
    from guard.core.routines import Run
    from guard.core.timetable import Entry

__all__ = ["routines"]

_TONES = {"critical": "bad", "warning": "warn", "info": ""}
_LONGEST_VALUE = 160


@click.group(
    "routines",
    invoke_without_command=True,
    epilog=epilog(
        "routines\nroutines run morning-check\nroutines show weekly-review --limit 3",
        *(Exit.DONE, Exit.INVALID, Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY),
    ),
)
@json_option
@click.pass_context
def routines(ctx: click.Context, *, as_json: bool) -> None:
    """List what beat runs by the timetable, run a routine now, or show its results.

    The timetable is in beat_schedule.py, its times are settings.
    """
    ctx.default_map = {name: {"as_json": as_json} for name in ("list", "run", "show")}
    if ctx.invoked_subcommand is None:
        _list(ctx, as_json=as_json)


@command("list", example="routines list", exits=(Exit.AWAY,))
@json_option
def list_routines(ctx: click.Context, *, as_json: bool) -> None:
    """List the timetable: when each entry is due, what a window does to it, how it went last.

    `routines` alone does the same.
    """
    _list(ctx, as_json=as_json)


@command("run", example="routines run morning-check", exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY))
@click.argument("name", metavar="NAME")
@by_option
@json_option
def run(ctx: click.Context, *, name: str, by: str, as_json: bool) -> None:
    """Run a routine now, here, and store its result.

    Whatever the timetable says, and whether a window is open or not. Exit code 4: it failed, found something
    critical or to be warned of, or its result was not stored.
    """
    done = find_guard(ctx).routines.run(name, by=by)
    if as_json:
        print_json(done.to_dict() if done is not None else {"name": name, "outcome": None})
    elif done is None:
        click.echo(safe(f"{name} ran, and its lock was taken over meanwhile: nothing is stored"))
    else:
        _result_screen(ctx, done).show()
    ctx.exit(Exit.DONE if done is not None and _is_fine(done) else Exit.UNCONFIRMED)


@command("show", example="routines show weekly-review --limit 3", exits=(Exit.AWAY,))
@click.argument("name", metavar="NAME")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many at most."
)
@json_option
def show(ctx: click.Context, *, name: str, limit: int, as_json: bool) -> None:
    """Show the last results of a routine, newest first. Times that were skipped or missed are among them."""
    found = find_guard(ctx).routines.results(name, limit)
    if as_json:
        print_json({"name": name, "results": [one.to_dict() for one in found]})
    elif not found:
        click.echo(safe(f"{name} never ran"))
    else:
        for one in found:
            _result_screen(ctx, one).show()


for _command in (list_routines, run, show):
    routines.add_command(_command)


def _is_fine(done: RoutineRun) -> bool:
    urgent = {"critical", "warning"}
    return done.outcome.value == "done" and not any(
        one.severity.value in urgent for one in done.result.findings
    )


def _list(ctx: click.Context, *, as_json: bool) -> None:
    guard = find_guard(ctx)
    turns = _turns(guard)
    rows = [_row(entry, guard, turns) for entry in guard.routines.timetable]
    if as_json:
        print_json({"zone": guard.settings.guard_time_zone, "routines": rows})
    else:
        _list_screen(ctx, rows, guard.settings.guard_time_zone, away=turns is None).show()
    ctx.exit(Exit.DONE if turns is not None else Exit.AWAY)


def _turns(guard: Guard) -> Mapping[str, Run] | None:
    from guard.errors import StoreError

    try:
        return guard.routines.last_turns()
    except StoreError:
        return None


def _row(entry: Entry, guard: Guard, turns: Mapping[str, Run] | None) -> dict[str, Any]:
    from guard.core.routines import next_time

    zone = ZoneInfo(guard.settings.guard_time_zone)
    last = (turns or {}).get(entry.name)
    by_interval_unknown = entry.is_frequent and (turns is None or not entry.recorded)
    following = None if by_interval_unknown else next_time(entry, last, zone, time.time())
    return {
        "name": entry.name,
        "when": str(entry.when) if entry.when is not None else "off",
        "next": following,
        "in_window": entry.in_window.value,
        "last_due": last.due_at if last is not None else None,
        "last_outcome": last.outcome.value if last is not None else None,
        "recorded": entry.recorded,
        "task": entry.task,
        "queue": entry.queue,
    }


def _list_screen(ctx: click.Context, rows: list[dict[str, Any]], zone: str, *, away: bool) -> Screen:
    screen = Screen(ctx)
    screen.head(f"Routines: local times of {zone}")
    if not rows:
        screen.note("this app has no timetable: set app.conf.guard_timetable, see docs/automation.md")
        return screen
    titles = ("name", "when", "next", "last", "outcome", "in a window")
    screen.table(titles, [_cells(row, zone, away=away) for row in rows])
    if away:
        screen.note("the durable store does not answer: nobody can say what ran", "bad")
    return screen


def _cells(row: dict[str, Any], zone: str, *, away: bool) -> tuple[str, ...]:
    if not row["recorded"]:
        last = outcome = "not kept"
    elif away:
        last = outcome = "unknown"
    else:
        last = _local(row["last_due"], zone) if row["last_due"] is not None else "never"
        outcome = row["last_outcome"] or ""
    if row["when"] == "off":
        following = "never"
    else:
        following = _local(row["next"], zone) if row["next"] is not None else "by its interval"
    return (row["name"], row["when"], following, last, outcome, row["in_window"])


def _local(seconds: float, zone: str) -> str:
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")


def _result_screen(ctx: click.Context, done: RoutineRun) -> Screen:
    screen = Screen(ctx)
    screen.head(f"{done.name}: {done.outcome.value}, due {moment(done.due_at)}")
    if done.why:
        screen.line(f"  {done.why}")
    if done.result.figures:
        screen.table(
            ("looked at", "found"), [(figure.name, _value(figure)) for figure in done.result.figures]
        )
    for finding in done.result.findings:
        _find(screen, finding)
    return screen


def _find(screen: Screen, finding: Finding) -> None:
    screen.note(f"{finding.severity.value}: {finding.message}", _TONES[finding.severity.value])


def _value(figure: Any) -> str:
    if figure.value is None:
        return f"unknown: {figure.why}" if figure.why else known(None)
    in_words = figure.unit == "bytes"
    text = _said(figure.value, in_words=in_words)
    shown = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… (--json shows all of it)"
    return shown if in_words else f"{shown} {figure.unit}".rstrip()


def _said(value: Any, *, in_words: bool) -> str:
    """A figure for people: ``free 77 GiB, percent 69.2``."""
    if isinstance(value, dict):
        parts = [f"{name.replace('_', ' ')} {_said(one, in_words=in_words)}" for name, one in value.items()]
        return ", ".join(parts) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(_said(one, in_words=in_words) for one in value) or "none"
    if in_words and isinstance(value, int) and not isinstance(value, bool):
        return in_bytes(value)
    return "none" if value is None else str(value)
