"""`maintenance parked`: the jobs that were set aside, listed, released or discarded one by one."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from guard.cli.exits import Exit, epilog
from guard.cli.failures import CommandError, failure_of
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, print_json, safe
from guard.cli.where import find_guard
from guard.core.durations import humanize

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.core.parked import ParkedJob

__all__ = ["parked"]

_limit = click.option(
    "-n", "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many at most."
)


@click.group(
    "parked",
    invoke_without_command=True,
    epilog=epilog(
        "parked --limit 20\nparked release 4f1c…\nparked discard 4f1c… --yes",
        *(Exit.DONE, Exit.INVALID, Exit.NOT_NOW, Exit.AWAY, Exit.NOT_FOUND),
    ),
)
@_limit
@json_option
@click.pass_context
def parked(ctx: click.Context, *, limit: int, as_json: bool) -> None:
    """List parked jobs, or release or discard one.

    Parked jobs had left their queue when the gate closed. They wait in a durable queue of their own and
    go back by themselves when the window ends.
    """
    ctx.default_map = {name: {"limit": limit, "as_json": as_json} for name in ("list", "release", "discard")}
    if ctx.invoked_subcommand is None:
        _list(ctx, limit, as_json=as_json)


@command("list", example="parked list --limit 20", exits=(Exit.AWAY,))
@_limit
@json_option
def list_parked(ctx: click.Context, *, limit: int, as_json: bool) -> None:
    """List parked jobs, oldest first. `parked` alone does the same."""
    _list(ctx, limit, as_json=as_json)


@command("release", example="parked release 4f1c…", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("task_id", metavar="ID")
@by_option
@json_option
def release(ctx: click.Context, *, task_id: str, by: str, as_json: bool) -> None:
    """Give one parked job back to its queue now.

    While the gate is closed it waits in that queue, or is parked again.
    """
    job = find_guard(ctx).parked.release(task_id, by=by)
    _tell(job, "released", f"went back to queue {job.queue}", as_json=as_json)


@command("discard", example="parked discard 4f1c… --yes", exits=(Exit.NOT_NOW, Exit.AWAY, Exit.NOT_FOUND))
@click.argument("task_id", metavar="ID")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@by_option
@json_option
def discard(ctx: click.Context, *, task_id: str, yes: bool, by: str, as_json: bool) -> None:
    """Drop one parked job for good.

    It will never run and whoever waits for its result waits in vain. The journal says who did it.
    """
    guard = find_guard(ctx)
    if not yes:
        _ask(guard, task_id, may_ask=not as_json and sys.stdin.isatty())
    job = guard.parked.discard(task_id, by=by)
    _tell(job, "discarded", "was dropped for good", as_json=as_json)


for _command in (list_parked, release, discard):
    parked.add_command(_command)


def _ask(guard: Guard, task_id: str, *, may_ask: bool) -> None:
    if not may_ask:
        raise CommandError("UsageError", "discard drops the job for good: say --yes", Exit.INVALID)
    job = guard.parked.get(task_id)
    name = f"{job.task} of queue {job.queue}" if job else "a job that is not in the index"
    click.confirm(f"Drop {safe(task_id)} ({safe(name)}) for good?", abort=True, err=True)


def _tell(job: ParkedJob, outcome: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"outcome": outcome, "job": asdict(job)})
    else:
        click.echo(safe(f"{job.task} {job.task_id} {sentence}"))


def _list(ctx: click.Context, limit: int, *, as_json: bool) -> None:
    guard = find_guard(ctx)
    jobs = guard.parked.list(limit)
    total = _total(guard)
    if as_json:
        print_json({"parked": total, "jobs": [asdict(job) for job in jobs]})
    else:
        _screen(ctx, jobs, total).show()
    ctx.exit(Exit.AWAY if total is None else Exit.DONE)


def _total(guard: Guard) -> int | None:
    """By the broker's count, which is the truth; None when it does not say."""
    try:
        return len(guard.parked)
    except Exception as error:
        if failure_of(error) is None:
            raise
        return None


def _screen(ctx: click.Context, jobs: list[ParkedJob], total: int | None) -> Screen:
    screen = Screen(ctx)
    screen.head(f"Parked: {counted(total, 'job')} by the broker's count, {len(jobs)} listed")
    if jobs:
        titles = ("id", "task", "operation", "queue", "parked", "expires")
        screen.table(titles, [_row(job) for job in jobs])
    if total is not None and total > len(jobs):
        screen.note(f"{total - len(jobs)} more; --limit shows more of those that the index knows")
    return screen


def _row(job: ParkedJob) -> tuple[str, ...]:
    ago: Any = humanize(time.time() - job.parked_at)
    return (job.task_id, job.task, job.operation, job.queue, f"{ago} ago", job.expires or "never")
