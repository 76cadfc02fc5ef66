"""`maintenance job`: where a job is."""

from __future__ import annotations

import click

from guard.cli.exits import Exit
from guard.cli.options import command, json_option
from guard.cli.render import Screen, known, moment, print_json
from guard.cli.where import find_guard
from guard.orchestrator.whereabouts import JobPlace, JobView

__all__ = ["job"]

_SURE = frozenset({JobPlace.RUNNING, JobPlace.PARKED, JobPlace.ENDED})


@command("job", example="job 4f1c2a9e-0b7d-4c55-9a51-0d8f4f0f8a11", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@click.argument("task_id", metavar="ID")
@json_option
def job(ctx: click.Context, *, task_id: str, as_json: bool) -> None:
    """Say where a job is: running, parked, ended, or waiting.

    ID is Celery's id of the job.

    Celery keeps no list of the jobs that were published: an id that nobody has ever used looks like a
    job that waits in its queue. Both are told as "waiting or unknown", with exit code 4.
    """
    view = find_guard(ctx).job(task_id)
    if as_json:
        print_json(view.to_dict())
    else:
        _screen(ctx, view).show()
    ctx.exit(_exit(view))


def _exit(view: JobView) -> Exit:
    if view.place in _SURE:
        return Exit.DONE
    return Exit.UNCONFIRMED if view.state is not None else Exit.AWAY


def _screen(ctx: click.Context, view: JobView) -> Screen:
    screen = Screen(ctx)
    screen.head(f"Job {view.task_id}: {view.place.value}", "head" if view.place in _SURE else "warn")
    screen.row("what it means", view.note)
    screen.row("celery state", known(view.state))
    for label, value in (("task", view.task), ("queue", view.queue), ("worker", view.worker)):
        if value:
            screen.row(label, value)
    if view.parked_at is not None:
        screen.row("parked", moment(view.parked_at))
    return screen
