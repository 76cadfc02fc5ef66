"""`maintenance report`: the whole account of a window, and whether it adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.cli.options import command, json_option
from guard.cli.render import Screen, counted, known, moment, print_json, short_time
from guard.cli.where import find_guard
from guard.core.counts import Count
from guard.core.roll import Fate
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from guard.orchestrator.report import Report

__all__ = ["report"]

_MOST_OUTCOMES = 50


@command("report", example="report\nreport 0d9f… --json", exits=(Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND))
@click.argument("window_id", required=False)
@json_option
def report(ctx: click.Context, *, window_id: str | None, as_json: bool) -> None:
    """Say what became of every job that met a window, and whether that adds up.

    The last window when no WINDOW_ID is given. Exit code 4: it does not add up. 5: something did not
    answer, so nobody can say.
    """
    try:
        made = find_guard(ctx).report(window_id)
    except InvalidRequest as error:
        raise CommandError("NoWindow", str(error), Exit.NOT_FOUND) from error
    if as_json:
        print_json(made.to_dict())
    else:
        _screen(ctx, made).show()
    ctx.exit({True: Exit.DONE, False: Exit.UNCONFIRMED, None: Exit.AWAY}[made.books.adds_up])


def _screen(ctx: click.Context, made: Report) -> Screen:
    screen = Screen(ctx)
    window, books = made.window, made.books
    screen.head(f"Report of window {window.window_id}")
    screen.row("reason", f"{window.reason} ({window.mode}, by {window.by})")
    end = moment(window.ended_at) if window.ended_at is not None else "still open"
    screen.row("time", f"{moment(window.started_at)} to {end}")
    screen.row("adds up", *_verdict(made))
    screen.row("still parked", known(books.still_parked), "warn" if books.still_parked else "")
    screen.row("still running", known(books.still_running))
    if books.with_gone_workers:
        gone = counted(books.with_gone_workers, "job")
        screen.row(
            "gone", f"{gone} ended with a killed worker; the broker delivers late-ack ones again", "warn"
        )
    if books.uncounted:
        more = counted(books.uncounted, "job")
        screen.note(f"{more} more ended or went back than was counted before: a worker was killed")
    _table(screen, made)
    for entry in made.workers:
        if entry.fate in {Fate.GONE, Fate.VOUCHED}:
            screen.note(f"{entry.node} (pid {entry.pid} on {entry.host}): {entry.fate.value}")
    for one in (made.outcomes or ())[:_MOST_OUTCOMES]:
        took = short_time(one.ended_at - one.asked_at)
        screen.line(f"  {one.task} {one.task_id} on {one.worker}: {one.outcome} after {took}, {one.went}")
    for problem in made.problems:
        screen.note(f"unknown: {problem}", "bad")
    return screen


def _verdict(made: Report) -> tuple[str, str]:
    if made.books.adds_up is None:
        return "unknown", "bad"
    if made.books.adds_up:
        return "yes, every job is accounted for", "good"
    return f"NO: {counted(made.books.unaccounted, 'job')} unaccounted for", "bad"


def _table(screen: Screen, made: Report) -> None:
    account = made.account
    used = [count for count in Count if account.total(count)]
    if not used:
        screen.line("  no job met this window")
        return
    titles = ("operation", *(count.value for count in used))
    operations = sorted({operation for _, operation in account.counts})
    rows: list[tuple[str, ...]] = [
        (name, *(str(account.by_operation(count).get(name, 0)) for count in used)) for name in operations
    ]
    screen.line()
    screen.table(titles, [*rows, ("all", *(str(account.total(count)) for count in used))])
    screen.line()
