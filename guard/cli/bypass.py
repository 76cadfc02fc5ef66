"""`maintenance bypass`: tokens that let some jobs pass while closed: made, listed, revoked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, known, moment, print_json
from guard.cli.where import find_guard
from guard.core.durations import parse_duration

if TYPE_CHECKING:
    from guard.core.bypass import BypassView

__all__ = ["bypass"]

_NAMED = frozenset({"make", "list", "revoke"})


class _MakesByDefault(click.Group):
    """`bypass OPERATION…` is `bypass make OPERATION…`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in _NAMED and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(
    "bypass",
    cls=_MakesByDefault,
    epilog=epilog(
        "bypass caption_generation --holder alice --for 30m\n"
        "bypass batch_operations caption_generation --holder smoke-test --for 600\n"
        "bypass list --json\n"
        "bypass revoke 5f0c7ad2b1e94c7f8a0d3c1b2a495867",
        *(Exit.DONE, Exit.INVALID, Exit.AWAY),
    ),
)
def bypass() -> None:
    """Make, list and revoke tokens with which jobs of some OPERATIONs pass while closed.

    `bypass OPERATION... --holder NAME --for TIME` is `bypass make OPERATION...`.
    """


@command(
    "make",
    example="bypass caption_generation --holder alice --for 30m\n"
    "bypass make batch_operations --holder smoke-test --for 600 --user 17",
    exits=(Exit.AWAY,),
)
@click.argument("operations", nargs=-1, metavar="OPERATION...", required=True)
@click.option("--holder", required=True, metavar="NAME", help="Who or what it is for.")
@click.option("--for", "period", required=True, metavar="TIME", help="How long it counts; at most 24h.")
@click.option("--user", default="", metavar="NAME", help="In requests it counts for this user alone.")
@by_option
@json_option
def make(
    ctx: click.Context,
    *,
    operations: tuple[str, ...],
    holder: str,
    period: str,
    user: str,
    by: str,
    as_json: bool,
) -> None:
    """Make a token with which jobs of some OPERATIONs pass while closed.

    It is printed and kept nowhere. Publish with it in a header:
    caption.apply_async(args, headers={"guard_bypass": token}). Such a job overtakes what is held. In a window
    that was opened with --verify it counts from `maintenance verify` on. That it was made is journaled, and
    so is each use, with exact counts.

    It needs GUARD_SECRET_KEY, the same for this command and for all workers. It counts only while Redis says
    that it was not revoked.
    """
    seconds = parse_duration(period)
    token = find_guard(ctx).bypass(*operations, by=by, holder=holder, seconds=seconds, user=user)
    if as_json:
        told = {"token": token, "operations": sorted(operations), "holder": holder, "seconds": seconds}
        print_json({**told, "user": user})
    else:
        click.echo(token)


@command("list", example="bypass list --json", exits=(Exit.AWAY,))
@json_option
def list_made(ctx: click.Context, *, as_json: bool) -> None:
    """List the tokens that were made, the newest first, with how often each was used. Never the tokens
    themselves."""
    found = find_guard(ctx).bypasses.list()
    if as_json:
        print_json([view.to_dict() for view in found])
        return
    screen, now = Screen(ctx), time.time()
    screen.head(f"Bypasses: {sum(view.counts(now) for view in found)} count, {len(found)} were made")
    if found:
        rows = [_row(view, now) for view in found]
        screen.table(("id", "holder", "user", "operations", "until", "uses", "state"), rows)
    screen.show()


@command("revoke", example="bypass revoke 5f0c7ad2b1e94c7f8a0d3c1b2a495867", exits=(Exit.AWAY,))
@click.argument("bypass_id", metavar="ID")
@by_option
@json_option
def revoke(ctx: click.Context, *, bypass_id: str, by: str, as_json: bool) -> None:
    """Revoke the token with this ID: from now on nothing starts by it, in any process. What runs goes on.

    Exit code 5: a store did not answer; repeat it.
    """
    view = find_guard(ctx).bypasses.revoke(bypass_id, by=by)
    if as_json:
        print_json(view.to_dict())
    else:
        screen = Screen(ctx)
        screen.head(f"Bypass {view.bypass_id} of {view.holder} lets nothing pass any more", "good")
        screen.show()


for _command in (make, list_made, revoke):
    bypass.add_command(_command)


def _row(view: BypassView, now: float) -> tuple[str, ...]:
    state = f"revoked by {view.revoked_by}" if view.revoked_at else "counts" if view.counts(now) else "over"
    operations = ", ".join(view.operations)
    return (
        view.bypass_id,
        view.holder,
        view.user or "any",
        operations,
        moment(view.until),
        known(view.uses),
        state,
    )
