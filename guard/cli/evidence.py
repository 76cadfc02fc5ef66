"""`maintenance evidence`: copy what an emergency leaves, or check that a copy is unchanged."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, known, moment, print_json, safe, short_time
from guard.cli.where import find_guard
from guard.core.amounts import in_bytes
from guard.core.durations import parse_duration
from guard.core.evidence import PartStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from guard.api.evidence import Collected
    from guard.core.evidence import PartRecord, Verification

__all__ = ["evidence"]

_BAR_WIDTH = 20
_TITLES = ("part", "status", "size", "took", "why")
_TONES = {PartStatus.MISSING: "warn", PartStatus.FAILED: "bad"}


@command(
    "evidence",
    example="evidence /backup/incident-2026-11-22\n"
    "evidence /backup/incident --log /var/log/vedfolnir --log /var/log/syslog --part-within 2h\n"
    "evidence --verify /backup/incident-2026-11-22",
    exits=(Exit.UNCONFIRMED,),
)
@click.argument("folder", metavar="OUT_DIR", type=click.Path())
@click.option(
    "--log", "logs", multiple=True, metavar="PATH", help="A log file, or a folder of them. May be repeated."
)
@click.option(
    "--part-within", default="30m", show_default=True, metavar="TIME", help="How long each part may take."
)
@click.option("--verify", is_flag=True, help="Collect nothing: check that OUT_DIR is as it was collected.")
@by_option
@json_option
def evidence(
    ctx: click.Context,
    *,
    folder: str,
    logs: tuple[str, ...],
    part_within: str,
    verify: bool,
    by: str,
    as_json: bool,
) -> None:
    """Copy what an emergency leaves into OUT_DIR, before somebody cleans it up.

    OUT_DIR is made anew, for you alone. It gets: connections and processes of this machine, the guard's state
    in both stores, status, workers, journal, windows, alerts, parked jobs, settings without secrets, what
    Redis says of itself and who is connected to it, the ends of log files, and a dump of the databases by the
    server's own tool. Redis is also asked to write a snapshot to its own disk. Nothing is stopped or changed,
    and no window is opened.

    manifest.json names every part with its SHA-256, also what is missing, and why. Interrupted, it says that
    it is not complete. The dump holds your users' data: OUT_DIR is as secret as the database.

    Exit code 4: something is missing or failed, or, with --verify, is not as it was collected.
    """
    guard = find_guard(ctx)
    if verify:
        found = guard.evidence.verify(folder)
        if as_json:
            print_json(found.to_dict())
        else:
            _verification(ctx, folder, found).show()
        ctx.exit(Exit.DONE if found.intact else Exit.UNCONFIRMED)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        collected = guard.evidence.collect(
            folder, by=by, logs=logs, limit=parse_duration(part_within), seen=_seen(as_json=as_json)
        )
    except KeyboardInterrupt as error:
        _clear_line()
        message = f"interrupted: {folder} holds what was collected, and its manifest says it is not complete"
        raise CommandError("Interrupted", message, Exit.ERROR) from error
    _clear_line()
    if as_json:
        print_json(collected.to_dict())
    else:
        _screen(ctx, collected).show()
    ctx.exit(Exit.DONE if collected.manifest.is_whole else Exit.UNCONFIRMED)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _seen(*, as_json: bool) -> Callable[[int, int, str], None]:
    """On a terminal a bar; else a line for each part; with --json nothing."""

    def show(done: int, total: int, name: str) -> None:
        if sys.stderr.isatty():
            filled = round(_BAR_WIDTH * done / total)
            bar = f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {done} of {total}"
            click.echo(f"\r\x1b[K{bar}  {safe(name)[:50]}", nl=False, err=True)
        elif not as_json:
            click.echo(f"{done + 1} of {total}: {safe(name)}", err=True)

    return show


def _clear_line() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


def _screen(ctx: click.Context, collected: Collected) -> Screen:
    manifest = collected.manifest
    screen = Screen(ctx)
    counts = ", ".join(f"{manifest.count(status)} {status.value}" for status in PartStatus)
    screen.head(f"Evidence: {counts}", "good" if manifest.is_whole else "warn")
    screen.row("folder", collected.folder)
    screen.row("took", short_time((manifest.ended_at or manifest.began_at) - manifest.began_at))
    screen.row("manifest", f"sha256 {collected.manifest_sha256}")
    if collected.journaled:
        screen.row("journal", "has this checksum")
    else:
        screen.note("the journal does not have this checksum: write it down elsewhere")
    screen.line()
    screen.table(_TITLES[:4], [_row(part) for part in manifest.parts])
    for part in manifest.parts:
        if part.why:
            screen.note(f"{part.name}: {part.why}", _TONES.get(part.status, ""))
    screen.line()
    screen.line("  It holds your users' data. Check it later with --verify, or with sha256sum -c SHA256SUMS.")
    return screen


def _row(part: PartRecord) -> tuple[str, ...]:
    size = in_bytes(part.size) if part.size is not None else ""
    took = short_time(part.seconds) if part.seconds is not None else ""
    mark = "" if part.status is PartStatus.COLLECTED else "! "
    return (part.name, f"{mark}{part.status.value}", size, took)


def _verification(ctx: click.Context, folder: str, found: Verification) -> Screen:
    screen = Screen(ctx)
    intact = sum(one.verdict is Verdict.INTACT for one in found.findings)
    word = "as it was collected" if found.intact else "NOT as it was collected"
    if found.intact or found.manifest.complete:
        screen.head(f"{folder} is {word}", "good" if found.intact else "bad")
    else:
        screen.head(f"{folder} is not complete: the run was ended before its end", "warn")
    manifest = found.manifest
    screen.row("collected", f"{moment(manifest.began_at)} on {manifest.host} by {manifest.by}")
    screen.row("files", f"{intact} of {len(found.findings)} intact")
    screen.row("manifest", f"sha256 {found.manifest_sha256}")
    said = {True: "names this very manifest", False: "names another manifest"}
    screen.row("journal", known(said.get(found.journaled)) if found.journaled is not None else "unknown")
    if found.journaled is False:
        screen.note("the manifest was changed after it was written", "bad")
    for one in found.findings:
        if one.verdict is not Verdict.INTACT:
            screen.note(f"{one.file}: {one.verdict.value}, {one.why}", "bad")
    for part in found.manifest.parts:
        if part.status is not PartStatus.COLLECTED:
            screen.note(f"{part.name} was {part.status.value}: {part.why}")
    return screen
