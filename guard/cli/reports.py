"""`maintenance reports`: reports that are kept: listed, shown, made, handed on, noted on."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit, epilog
from guard.cli.failures import CommandError
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, moment, print_json, safe
from guard.cli.where import find_guard

if TYPE_CHECKING:
    from guard.core.reports.kept import Kept

__all__ = ["reports"]

_KINDS = ("weekly", "monthly", "security", "window", "incident")
_SUFFIXES = {".html": "html", ".htm": "html", ".json": "json", ".txt": "text"}
_FILE_WIDTH = 100


@click.group(
    "reports",
    invoke_without_command=True,
    epilog=epilog(
        "reports\nreports show incident\nreports make weekly --from 2026-11-16 --to 2026-11-22\n"
        "reports export weekly week.html",
        *(Exit.DONE, Exit.INVALID, Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND),
    ),
)
@json_option
@click.pass_context
def reports(ctx: click.Context, *, as_json: bool) -> None:
    """List, show, make and hand on reports: weekly, monthly, of security audits, windows and incidents.

    Beat makes them by itself; see docs/reports.md. `maintenance report` says how a window stands now.
    """
    ctx.default_map = {name: {"as_json": as_json} for name in ("list", "show", "make", "export", "note")}
    if ctx.invoked_subcommand is None:
        _list(ctx, kind=None, limit=20, as_json=as_json)


@command("list", example="reports list --kind incident", exits=(Exit.AWAY,))
@click.option("--kind", type=click.Choice(_KINDS), help="Only those of this kind.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@json_option
def list_reports(ctx: click.Context, *, kind: str | None, limit: int, as_json: bool) -> None:
    """List the reports that are kept, the newest first. `reports` alone does the same."""
    _list(ctx, kind=kind, limit=limit, as_json=as_json)


@command(
    "show",
    example="reports show weekly\nreports show 0b51c9a2-6f4e-4c87-b111-8f5b1a3e2d10 --json",
    exits=(Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND),
)
@click.argument("ref", metavar="KIND|ID")
@json_option
def show(ctx: click.Context, *, ref: str, as_json: bool) -> None:
    """Show a report by its id, or the last one of a kind.

    KIND is weekly, monthly, security, window or incident. Exit code 4: some of its figures are unknown.
    """
    kept = find_guard(ctx).reports.show(ref)
    if as_json:
        print_json(kept.to_dict())
    else:
        _screen(ctx, kept).show()
    ctx.exit(_whole(kept))


@command(
    "make",
    example="reports make weekly\nreports make monthly --from 2026-10-01 --to 2026-10-31\n"
    "reports make incident --window 0d9f…",
    exits=(Exit.UNCONFIRMED, Exit.AWAY),
)
@click.argument("kind", type=click.Choice((*_KINDS, "due")))
@click.option("--from", "first", metavar="DAY", help="The first day, as 2026-11-16, in GUARD_TIME_ZONE.")
@click.option("--to", "last", metavar="DAY", help="The last day, which counts too.")
@click.option("--window", "window_id", metavar="ID", help="Which window; without it the last one.")
@click.option("--again", is_flag=True, help="Make it anew though it is there; what was noted on it stays.")
@by_option
@json_option
def make(
    ctx: click.Context,
    *,
    kind: str,
    first: str | None,
    last: str | None,
    window_id: str | None,
    again: bool,
    by: str,
    as_json: bool,
) -> None:
    """Make a report now, keep it and show it. `due` makes all that beat would make.

    Without days: the last whole week or month. One about the same that is there already is shown instead.
    Exit code 4: some of its figures are unknown.
    """
    made = find_guard(ctx).reports
    if kind == "due":
        done = made.make_due(by=by)
        if as_json:
            print_json({"made": [kept.head() for kept in done]})
        else:
            _list_screen(ctx, list(done), nothing="no report is due").show()
        ctx.exit(Exit.DONE)
    days = _day(first, "--from"), _day(last, "--to")
    kept, is_new = made.make(kind, by=by, first=days[0], last=days[1], window_id=window_id, again=again)
    if as_json:
        print_json({"made": is_new, **kept.to_dict()})
    else:
        if not is_new:
            click.echo(safe("this report was made before; --again makes it anew"), err=True)
        _screen(ctx, kept).show()
    ctx.exit(_whole(kept))


@command(
    "export",
    example="reports export weekly week.html\nreports export incident - --format json",
    exits=(Exit.AWAY, Exit.NOT_FOUND),
)
@click.argument("ref", metavar="KIND|ID")
@click.argument("out", metavar="OUT")
@click.option(
    "--format", "form", type=click.Choice(("html", "json", "text")), help="Told from OUT's name if not given."
)
@json_option
def export(ctx: click.Context, *, ref: str, out: str, form: str | None, as_json: bool) -> None:
    """Write a report to the file OUT, or to standard output if OUT is `-`: a page of HTML, JSON or text.

    The page is one file that asks no other host. A file that is there is not overwritten.
    """
    form = form or _SUFFIXES.get(Path(out).suffix.lower())
    if form is None:
        raise click.UsageError("say --format html, json or text: OUT's name does not tell", ctx)
    text = find_guard(ctx).reports.export(ref, form, width=_FILE_WIDTH)
    if out == "-":
        click.echo(text, nl=False)
        return
    try:
        with Path(out).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        message = f"{out} is there already: name another file"
        raise CommandError("FileExists", message, Exit.INVALID) from error
    except OSError as error:
        raise CommandError("NotWritten", f"{out} was not written: {error.strerror}", Exit.INVALID) from error
    if as_json:
        print_json({"file": out, "format": form, "characters": len(text)})
    else:
        click.echo(safe(f"written: {out}"))


@command(
    "note",
    example='reports note incident "The disk was full; an alert at 80 % is set."',
    exits=(Exit.AWAY, Exit.NOT_FOUND),
)
@click.argument("ref", metavar="KIND|ID")
@click.argument("text", metavar="TEXT")
@by_option
@json_option
def note(ctx: click.Context, *, ref: str, text: str, by: str, as_json: bool) -> None:
    """Add a note to a report: the cause, what was learnt, what was changed. TEXT `-` reads standard input.

    Notes are never changed or deleted by themselves; a second one corrects a first.
    """
    said = sys.stdin.read() if text == "-" else text
    made = find_guard(ctx).reports
    kept = made.note(made.show(ref).report_id, said, by=by)
    if as_json:
        print_json(kept.to_dict())
    else:
        click.echo(safe(f"noted on {kept.title} ({len(kept.notes)} in all)"))


for _one in (list_reports, show, make, export, note):
    reports.add_command(_one)


def _list(ctx: click.Context, *, kind: str | None, limit: int, as_json: bool) -> None:
    found = find_guard(ctx).reports.list(limit, kind=kind)
    if as_json:
        print_json({"reports": [one.head() for one in found]})
    else:
        _list_screen(ctx, found, nothing="no report is kept yet: `reports make weekly` makes one").show()


def _list_screen(ctx: click.Context, found: list[Kept], *, nothing: str) -> Screen:
    screen = Screen(ctx)
    screen.head("Reports")
    if not found:
        screen.line(f"  {nothing}")
        return screen
    rows: list[tuple[str, ...]] = [
        (one.kind.value, one.title[:60], moment(one.made_at), one.made_by, one.report_id) for one in found
    ]
    screen.table(("kind", "about", "made", "by", "id"), rows)
    return screen


def _screen(ctx: click.Context, kept: Kept) -> Screen:
    from guard.reports.text import lines_of

    screen = Screen(ctx)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _FILE_WIDTH
    for line, tone in lines_of(kept, width=width):
        screen.line(line, tone)
    return screen


def _whole(kept: Kept) -> Exit:
    unknown = kept.report is None or any(
        one.key != "response_times" for one in kept.report.unknown
    )  # which nobody here can ever know
    return Exit.UNCONFIRMED if unknown else Exit.DONE


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("a day is written 2026-11-16", param_hint=option) from error
