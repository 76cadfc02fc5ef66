"""`maintenance ledger`: jobs that were accepted and are nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, moment, print_json
from guard.cli.where import find_guard

if TYPE_CHECKING:
    from guard.core.ledger import LostJob

__all__ = ["ledger"]


@command(
    "ledger",
    example="ledger\nledger --forget 4f1c2a9e-0b7d-4c55-9a51-0d8f4f0f8a11",
    exits=(Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND),
)
@click.option("--forget", default=None, metavar="ID", help="Strike this lost job off: it was dealt with.")
@by_option
@json_option
def ledger(ctx: click.Context, *, forget: str | None, by: str, as_json: bool) -> None:
    """Say how many accepted jobs have not ended, and which of them are lost.

    A lost job was published, has not ended, and is in no queue, with no worker and not parked: its transport
    has dropped it. It stays in this list until somebody deals with it and says --forget. Nothing is
    published again.

    It needs GUARD_LEDGER=true in every process. Exit code 4: there are lost jobs, or nobody can look.
    """
    view = find_guard(ctx).ledger
    if forget is not None:
        view.forget(forget, by=by)
    lost, can_look = view.lost(), view.can_look
    if as_json:
        print_json({"open": len(view), "can_look": can_look, "lost": [job.to_dict() for job in lost]})
    else:
        _screen(ctx, len(view), lost, can_look=can_look).show()
    ctx.exit(Exit.DONE if can_look and not lost else Exit.UNCONFIRMED)


def _screen(ctx: click.Context, open_jobs: int, lost: list[LostJob], *, can_look: bool) -> Screen:
    screen = Screen(ctx)
    screen.head(f"Ledger: {counted(open_jobs, 'job')} accepted and not ended")
    if can_look:
        screen.row("lost", counted(len(lost), "job") if lost else "none", "bad" if lost else "good")
    else:
        screen.row("lost", "unknown: this broker lets nobody look into its queues", "warn")
    for job in lost:
        entry = job.entry
        screen.line(f"  {entry.task} {entry.task_id} for {entry.queue}, accepted {moment(entry.accepted_at)}")
    return screen
