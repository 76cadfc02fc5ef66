"""`maintenance audit`: the journal shown, proven, exported, and taken up again after something went wrong."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, moment, print_json
from guard.cli.where import find_guard
from guard.core.durations import parse_duration
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from guard.api.audit import Audited
    from guard.core.history import JournalLine

__all__ = ["audit"]

_CODES = (Exit.DONE, Exit.INVALID, Exit.AWAY, Exit.BROKEN)
_LONGEST_DETAIL = 160
_TEN_YEARS = 3650 * 86_400


@click.group(
    "audit",
    epilog=epilog(
        "audit show --actor alice --since 7d\naudit verify\naudit export /backup/journal-2026-11.jsonl\n"
        "audit verify --file /backup/journal-2026-11.jsonl",
        *_CODES,
    ),
)
def audit() -> None:
    """Who did what: shown, proven, exported.

    Every row of the journal is chained to the one before it. With GUARD_SECRET_KEY links are signed: a row
    that was changed, removed, moved or slipped in is found and named. See docs/audit.md.
    """


@command("show", example="audit show --actor alice --action enable --since 7d --json", exits=(Exit.AWAY,))
@click.option("--actor", metavar="NAME", help="Only what this one did, exactly as the journal names them.")
@click.option("--action", metavar="WORD", help="Only this: enable, disable, …")
@click.option("--since", metavar="TIME", help="From then on: 7d (ago), or 2026-11-22T08:00 (UTC).")
@click.option("--until", metavar="TIME", help="Until then, in the same forms.")
@click.option("--window", metavar="ID", help="What names this window, or was done while it was open.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--before", type=int, metavar="SEQ", help="Only older rows than this one: the next page.")
@json_option
def show(
    ctx: click.Context,
    *,
    actor: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
    window: str | None,
    limit: int,
    before: int | None,
    as_json: bool,
) -> None:
    """Show the journal, the newest row first."""
    now = datetime.now(UTC)
    lines = find_guard(ctx).records.journal(
        limit,
        before=before,
        action=action,
        actor=actor,
        since=_moment(since, now),
        until=_moment(until, now),
        window=window,
    )
    if as_json:
        print_json([{"seq": line.seq, **asdict(line.record)} for line in lines])
        return
    screen = Screen(ctx)
    screen.head(f"{counted(len(lines), 'row')} of the journal, the newest first" if lines else "No such row")
    if lines:
        titles = ("seq", "when", "who", "what", "outcome", "epoch", "detail")
        screen.table(titles, [_row(one) for one in lines])
    screen.show()
    if len(lines) == limit:
        click.echo(f"  older ones: --before {lines[-1].seq}", err=True)


def _row(line: JournalLine) -> tuple[str, ...]:
    record = line.record
    detail = ", ".join(f"{name}={value}" for name, value in record.detail.items() if value not in ("", None))
    short = detail if len(detail) <= _LONGEST_DETAIL else detail[:_LONGEST_DETAIL] + "…"
    when = moment(record.at)
    return (str(line.seq), when, record.actor, record.action, record.outcome, str(record.epoch), short)


def _moment(text: str | None, now: datetime) -> float | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now.timestamp() - parse_duration(text, longest=_TEN_YEARS)
        except InvalidRequest:
            raise InvalidRequest(
                f"{text!r} is no time: use 7d or 90m (ago), or 2026-11-22 or 2026-11-22T08:00 (UTC)"
            ) from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()


@command("verify", example="audit verify --json", exits=(Exit.AWAY, Exit.BROKEN))
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Judge this exported file by its manifest instead; no server is asked.",
)
@json_option
def verify(ctx: click.Context, *, file: Path | None, as_json: bool) -> None:
    """Judge the whole journal: whether any row was changed, removed, moved, slipped in, or cut off.

    Reads every row, a thousand at a time. Exit code 8: something is wrong; each row is named.
    """
    guard = find_guard(ctx)
    found = guard.audit.verify() if file is None else guard.audit.verify_file(file)
    if as_json:
        print_json(found.to_dict())
    else:
        _show(ctx, found, of_file=file is not None)
    if not found.verdict.intact:
        ctx.exit(Exit.BROKEN)


def _show(ctx: click.Context, found: Audited, *, of_file: bool) -> None:
    verdict, screen = found.verdict, Screen(ctx)
    rows = counted(verdict.rows, "row")
    if verdict.intact:
        screen.head(f"Chain intact: {rows}, verified at {moment(found.at)}", "good")
    else:
        screen.head(f"The journal is not what was written: {rows}, judged at {moment(found.at)}", "bad")
    for one in verdict.breaks:
        screen.row(one.kind.value, one.text, "bad")
    if verdict.more:
        screen.row("", f"and {verdict.more} more")
    if verdict.first is not None:
        screen.row("numbers", f"{verdict.first} to {verdict.last}")
    signed = "all links are signed" if not verdict.unsigned else f"{verdict.unsigned} links are not signed"
    screen.row("signed", signed if verdict.rows else "no row")
    if verdict.unsigned:
        screen.note(
            "what is not signed shows mistakes, and nobody who computes it anew"
            + ("" if found.signs else ": set GUARD_SECRET_KEY")
        )
    if found.began:
        screen.row("begins", f"after what was {found.began}")
    if verdict.passed_over:
        screen.row("passed over", f"{counted(verdict.passed_over, 'row')} that somebody accepted")
    if not of_file:
        _show_surroundings(screen, found)
    if not verdict.intact and not of_file:
        screen.note("export it before anything else; docs/audit.md says what each means", "bad")
    screen.show()


def _show_surroundings(screen: Screen, found: Audited) -> None:
    said = {
        True: "Redis names the same newest row",
        False: "Redis names another newest row",
        None: "unknown: Redis names none, or does not answer; rows cut off at the end would not show",
    }
    screen.row("kept apart", said[found.verdict.apart], "" if found.verdict.apart else "warn")
    if found.triggers is False:
        screen.note("the database lets rows be changed by hand: its user may not make triggers")


@command("export", example="audit export /backup/journal-2026-11.jsonl", exits=(Exit.AWAY,))
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    help="Default: csv for a name in .csv, else jsonl.",
)
@click.option("--after", type=click.IntRange(0), default=0, metavar="SEQ", help="Only newer rows than this.")
@by_option
@json_option
def export(ctx: click.Context, *, path: Path, form: str | None, after: int, by: str, as_json: bool) -> None:
    """Write the journal to the new file PATH, and a manifest with its SHA-256 to PATH.manifest.json.

    Rows keep their links, so `audit verify --file PATH` proves them anywhere, without a server. Cells of CSV
    that a spreadsheet would take for formulas get an apostrophe. Both files are readable by you alone.
    """
    wanted = form or ("csv" if path.suffix == ".csv" else "jsonl")
    made = find_guard(ctx).audit.export(path, form=wanted, after=after, by=by)
    if as_json:
        print_json({"path": str(path), **made.to_dict()})
        return
    screen = Screen(ctx)
    screen.head(f"{counted(made.rows, 'row')} written", "good")
    screen.row("file", str(path))
    screen.row("manifest", f"{path}.manifest.json")
    screen.row("sha256", made.sha256)
    if made.seal.startswith("plain:"):
        screen.note("the manifest is not signed: set GUARD_SECRET_KEY")
    screen.show()


@command(
    "accept", example='audit accept --reason "backup of 2026-11-21 put back"', exits=(Exit.AWAY, Exit.NOT_NOW)
)
@click.option("--reason", required=True, metavar="TEXT", help="What happened, for the journal.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_option
@json_option
def accept(ctx: click.Context, *, reason: str, yes: bool, by: str, as_json: bool) -> None:
    """Take the journal up again after what `audit verify` found was looked into.

    A row says who accepted what; from it on the chain is judged. Rows before it stay and are not judged any
    more: export them first.
    """
    guard = find_guard(ctx)
    if not yes:
        click.confirm("Rows before now will not be judged any more. Go on?", abort=True, err=True)
    found = guard.audit.accept(reason=reason, by=by)
    if as_json:
        print_json(found.to_dict())
        return
    _show(ctx, found, of_file=False)


for _one in (show, verify, export, accept):
    audit.add_command(_one)
