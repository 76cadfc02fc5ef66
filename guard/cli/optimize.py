"""`maintenance optimize`: the weekly optimization, now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, known, print_json, short_time
from guard.cli.where import find_guard, load_task_modules
from guard.core.amounts import in_bytes
from guard.core.optimization_report import RunOutcome, TableOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.optimization_report import Doing, FolderReport, Report, TableReport

__all__ = ["optimize"]

_TONES = {
    RunOutcome.DONE: "good",
    RunOutcome.PLANNED: "head",
    RunOutcome.SKIPPED: "warn",
    RunOutcome.PARTLY: "warn",
}
_EXITS = {
    RunOutcome.DONE: Exit.DONE,
    RunOutcome.PLANNED: Exit.DONE,
    RunOutcome.SKIPPED: Exit.NOT_NOW,
    RunOutcome.NOT_DRAINED: Exit.NOT_DRAINED,
}
_BAR_WIDTH = 20
_TITLES = ("table", "outcome", "took", "rows", "size", "unused", "why")


@command(
    "optimize",
    example="optimize --dry-run\noptimize\noptimize --json | jq .sums",
    exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_DRAINED),
)
@click.option("--dry-run", is_flag=True, help="Open no window, change nothing; say what would be done.")
@by_option
@json_option
def optimize(ctx: click.Context, *, dry_run: bool, by: str, as_json: bool) -> None:
    """Run the weekly optimization now.

    Opens a maintenance window of its own, waits until running jobs have ended, analyses the application's
    tables, rebuilds those where that pays, deletes old keys and files by the rules of the settings, checks
    that everything answers, and ends the window. Sessions are kept. Beat does the same every Sunday.

    If jobs still run at the deadline, nothing is touched. If a step fails, the others are done; the window
    ends in any case. If this command is killed, a worker ends the window about a minute later.

    Exit code 3: a window is open already, or another run is under way. 4: it was done in part; the lines with
    ! say what was not. 7: jobs still ran.
    """
    guard = find_guard(ctx)
    load_task_modules(ctx)
    report = guard.optimization.run(by=by, dry_run=dry_run, seen=_seen(as_json=as_json))
    if as_json:
        print_json(report.to_dict())
    else:
        _screen(ctx, report).show()
    ctx.exit(_EXITS.get(report.outcome, Exit.UNCONFIRMED))


def _seen(*, as_json: bool) -> Callable[[Doing], None]:
    """On a terminal one line that changes; else a line for each stage; with --json nothing."""
    last = ""

    def show(doing: Doing) -> None:
        nonlocal last
        bar = ""
        if doing.total:
            filled = round(_BAR_WIDTH * doing.done / doing.total)
            bar = f" [{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {doing.done} of {doing.total}"
        line = f"{doing.stage}{f' {doing.note}' if doing.note else ''}"
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{line}{bar}" if not as_json else "", nl=False, err=True)
        elif not as_json and line != last:
            click.echo(line, err=True)
        last = line

    return show


def _screen(ctx: click.Context, report: Report) -> Screen:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    screen = Screen(ctx)
    screen.head(f"Weekly optimization: {report.outcome.value}", _TONES.get(report.outcome, "bad"))
    if report.why:
        screen.note(report.why)
    screen.row("took", short_time(report.ended_at - report.began_at))
    if report.drain_seconds is not None:
        screen.row("drained in", short_time(report.drain_seconds))
    screen.row("tables", ", ".join(f"{count} {name}" for name, count in report.sums.items()) or "none")
    if report.tables:
        screen.table(
            ("table", "outcome", "took", "rows", "size", "unused", "why"),
            [_row(one) for one in report.tables],
        )
    _rest(screen, report)
    for finding in report.findings:
        if finding.good is not True:
            screen.note(f"{finding.name}: {finding.note}", "bad" if finding.good is False else "warn")
    for problem in report.problems:
        screen.note(problem)
    if report.window_ended is False:
        screen.note("the window is not known to be over: see `maintenance status`", "bad")
    return screen


def _row(table: TableReport) -> tuple[str, ...]:
    last = table.steps[-1] if table.steps else None
    facts = (last.after or last.before) if last is not None else None
    took = short_time(sum(step.seconds for step in table.steps)) if table.steps else ""
    mark = "! " if table.outcome is TableOutcome.FAILED else ""
    if last is None:
        return (table.name, f"{mark}{table.outcome.value}", took, "", "", "", table.why)
    rows, size, unused = (
        (facts.rows, facts.size, facts.free_bytes) if facts is not None else (None, None, None)
    )
    figures = (known(rows), _amount(size), _amount(unused))
    return (table.name, f"{mark}{table.outcome.value}", took, *figures, table.why)


def _amount(count: int | None) -> str:
    return in_bytes(count) if count is not None else "unknown"


def _rest(screen: Screen, report: Report) -> None:
    planned = report.outcome is RunOutcome.PLANNED
    if report.file is not None:
        file = report.file
        after = f" to {_amount(file.after)}" if file.rebuilt else ""
        screen.row("file", f"{_amount(file.before)}{after}: {file.problem or file.why}")
    for keys in report.keys:
        done = (
            f"{counted(keys.old, 'key')} to delete" if planned else f"{counted(keys.deleted, 'key')} deleted"
        )
        rest = f"{keys.looked_at} looked at, {keys.unreadable} say no age{_cut(whole=keys.whole)}"
        screen.row("keys", f"{keys.pattern}: {done} of {rest}")
        if keys.problem:
            screen.note(f"{keys.pattern}: {keys.problem}")
    if report.sessions is not None:
        screen.row("sessions", _short(report.sessions))
    for folder in report.folders:
        screen.row("files", f"{folder.folder}/{folder.pattern}: {_files(folder, planned=planned)}")
        if folder.problem:
            screen.note(folder.problem)
    if report.window_ended:
        screen.row("window", f"over, {counted(report.released, 'parked job')} given back")


def _files(folder: FolderReport, *, planned: bool) -> str:
    if planned:
        return f"{counted(folder.listed, 'file')} to delete, {in_bytes(folder.listed_bytes)}"
    left = f", {folder.left} left" if folder.left else ""
    deleted = f"{counted(folder.deleted, 'file')} deleted, {in_bytes(folder.deleted_bytes)}"
    return f"{deleted}{left}{_cut(whole=folder.whole)}"


def _cut(*, whole: bool) -> str:
    return "" if whole else ", not everything was looked at"


def _short(sessions: Any) -> str:
    """What a sweep counted, by the names of `SessionSweep`."""
    said = (
        ("seen", "looked at"),
        ("expired", "over"),
        ("ended", "no longer accepted"),
        ("unknown", "of a role nobody knows"),
    )
    return ", ".join(f"{known(sessions.get(name))} {words}" for name, words in said)
