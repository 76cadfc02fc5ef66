"""`maintenance verify`: holders of a bypass may run jobs, everybody else still may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.cli.enable import is_confirmed, window_screen
from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import print_json
from guard.cli.where import find_guard

if TYPE_CHECKING:
    import click

__all__ = ["verify"]


@command("verify", example="verify", exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY))
@by_option
@json_option
def verify(ctx: click.Context, *, by: str, as_json: bool) -> None:
    """Begin the stage before the release: whoever holds a bypass may run jobs, users may not yet.

    The window must be drained. Make a bypass with `maintenance bypass`, run jobs with it, look at what they
    did; then `maintenance disable` opens the gate for everybody.

    Exit code 4: the stage has begun, but not every process is known to have heard of it.
    """
    window = find_guard(ctx).verify(by=by)
    if as_json:
        print_json(window.to_dict())
    else:
        window_screen(ctx, window).show()
    ctx.exit(Exit.DONE if is_confirmed(window) else Exit.UNCONFIRMED)
