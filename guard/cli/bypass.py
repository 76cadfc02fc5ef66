"""`maintenance bypass`: a token that lets some jobs pass while closed."""

from __future__ import annotations

import click

from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import print_json
from guard.cli.where import find_guard
from guard.core.durations import parse_duration

__all__ = ["bypass"]


@command(
    "bypass",
    example="bypass caption_generation --holder alice --for 30m\n"
    "bypass batch_operations caption_generation --holder smoke-test --for 600",
    exits=(Exit.AWAY,),
)
@click.argument("operations", nargs=-1, metavar="OPERATION...", required=True)
@click.option("--holder", required=True, metavar="NAME", help="Who or what it is for.")
@click.option("--for", "period", required=True, metavar="TIME", help="How long it counts; at most 24h.")
@by_option
@json_option
def bypass(
    ctx: click.Context, *, operations: tuple[str, ...], holder: str, period: str, by: str, as_json: bool
) -> None:
    """Make a token with which jobs of some OPERATIONs pass while closed.

    It is printed and kept nowhere. Publish with it in a header:
    caption.apply_async(args, headers={"guard_bypass": token}). Such a job overtakes what is held. In a window
    that was opened with --verify it counts from `maintenance verify` on. That it was made is journaled; each
    use is counted and logged.

    It needs GUARD_SECRET_KEY, the same for this command and for all workers.
    """
    seconds = parse_duration(period)
    token = find_guard(ctx).bypass(*operations, by=by, holder=holder, seconds=seconds)
    if as_json:
        print_json({"token": token, "operations": sorted(operations), "holder": holder, "seconds": seconds})
    else:
        click.echo(token)
