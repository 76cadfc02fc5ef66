"""`maintenance status`: what is known now, once or every second."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit
from guard.cli.options import command, json_option
from guard.cli.render import print_json
from guard.cli.status_screen import status_screen
from guard.cli.where import find_guard

if TYPE_CHECKING:
    from typing import TextIO

    from guard.api import Guard
    from guard.orchestrator.status import Status

__all__ = ["redraw", "status"]

_EVERY_SECONDS = 1.0
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


@command("status", example="status --watch\nstatus --json", exits=(Exit.AWAY,))
@click.option("-w", "--watch", is_flag=True, help="Refresh every second until Ctrl-C.")
@json_option
def status(ctx: click.Context, *, watch: bool, as_json: bool) -> None:
    """Say whether maintenance is on and who follows.

    What did not answer is shown as unknown (null in JSON), never as 0. With --watch and --json there is
    one JSON object per line. The exit code is 5 when something did not answer; --watch ends with 0.
    """
    guard = find_guard(ctx)
    if watch:
        _watch(ctx, guard, as_json=as_json)
        return
    seen = guard.status()
    if as_json:
        print_json(seen.to_dict())
    else:
        status_screen(ctx, seen, guard.settings).show()
    ctx.exit(Exit.AWAY if _something_is_away(seen) else Exit.DONE)


def _watch(ctx: click.Context, guard: Guard, *, as_json: bool) -> None:
    try:
        while True:
            begun = time.monotonic()
            seen = guard.status()
            if as_json:
                print_json(seen.to_dict(), compact=True)
            else:
                screen = status_screen(ctx, seen, guard.settings)
                redraw(screen.lines, "every second, Ctrl-C ends", sys.stdout)
            sys.stdout.flush()
            time.sleep(max(0.0, begun + _EVERY_SECONDS - time.monotonic()))
    except KeyboardInterrupt:
        return


def redraw(lines: list[str], hint: str, stream: TextIO) -> None:
    """Over the last picture, without flicker; one after the other when it is not a terminal."""
    foot = f"  {time.strftime('%H:%M:%S')}  {hint}"
    if not stream.isatty():
        stream.write("\n".join([*lines, foot, "", ""]))
        return
    room = shutil.get_terminal_size().lines - 3
    shown = lines if len(lines) <= room else [*lines[: room - 1], f"  … {len(lines) - room + 1} more lines"]
    picture = "".join(f"{line}{_REST_OF_LINE}\n" for line in [*shown, "", foot])
    stream.write(f"{_HOME}{picture}{_REST_OF_SCREEN}")


def _something_is_away(seen: Status) -> bool:
    return (
        seen.is_active is None or None in (seen.parked, seen.refused, seen.held) or seen.workers.live is None
    )
