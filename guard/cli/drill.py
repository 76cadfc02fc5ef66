"""`maintenance drill`: a training scenario, played and scored."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, NoReturn

import click

from guard.cli.drill_demo import play_demo
from guard.cli.drill_screen import card_screen, list_screen, played
from guard.cli.exits import Exit, epilog
from guard.cli.failures import CommandError
from guard.cli.options import by_option, command, json_option
from guard.cli.render import print_json, safe
from guard.cli.where import find_guard, load_task_modules

if TYPE_CHECKING:
    from types import FrameType

    from guard.core.drill_records import DrillRecord

__all__ = ["drill"]

_NAMED = frozenset({"run", "acknowledge", "list", "show", "--help"})


class _RunsByDefault(click.Group):
    """`drill SCENARIO` is `drill run SCENARIO`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in _NAMED:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    "drill",
    cls=_RunsByDefault,
    epilog=epilog(
        "drill security-incident\n"
        "drill acknowledge 5f0c7ad2 --by alice\n"
        "drill system-failure --unattended\n"
        "drill performance-crisis --demo\n"
        "drill list",
        *(Exit.DONE, Exit.INVALID, Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND),
    ),
)
def drill() -> None:
    """Play a training scenario and score it; list and show results.

    `drill SCENARIO` is `drill run SCENARIO`. Scenarios: security-incident, system-failure,
    performance-crisis, planned-window, team.
    """


@command(
    "run",
    example="drill run security-incident\n"
    "drill run team --acknowledge\n"
    "drill run system-failure --unattended --json\n"
    "drill run performance-crisis --demo",
    exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY),
)
@click.argument("scenario", metavar="SCENARIO")
@click.option("--unattended", is_flag=True, help="Ask nobody. Steps of people are then not earned.")
@click.option("--acknowledge", is_flag=True, help="Also ask here: type your name when a step is done.")
@click.option("--demo", is_flag=True, help="On a fleet of its own, with real faults and real windows.")
@by_option
@json_option
def run(
    ctx: click.Context,
    *,
    scenario: str,
    unattended: bool,
    acknowledge: bool,
    demo: bool,
    by: str,
    as_json: bool,
) -> None:
    """Play SCENARIO on the running system, in test mode.

    Symptoms are told, no fault is made. No job is refused, parked or ended, no session ends, and nobody is
    alerted. What the guard has to do is measured; what people have to do they acknowledge, by
    `drill acknowledge ID --by NAME` from another terminal, or here with --acknowledge. A step that nobody
    acknowledges in twice its time earns nothing, nor does one that is skipped.

    A real `enable` ends the drill at once, and so does Ctrl-C; nothing is left behind.

    With --demo it starts a Redis, workers and jobs of its own on this machine, breaks them in earnest, and
    uses real windows; your system is not touched.

    Exit code 3: a window is open. 4: the drill was aborted, and has no score.
    """
    if unattended and acknowledge:
        raise click.UsageError("--unattended and --acknowledge exclude each other.", ctx)
    guard = find_guard(ctx)
    signal.signal(signal.SIGTERM, _interrupt)
    if demo:
        record = play_demo(guard, scenario, by=by, app=ctx.obj.app, acknowledge=acknowledge, quiet=as_json)
        _leave(ctx, record, as_json=as_json)
    load_task_modules(ctx)
    shown = played(acknowledge=acknowledge, unattended=unattended, quiet=as_json)
    try:
        record = guard.drills.run(
            scenario,
            by=by,
            unattended=unattended,
            began=shown.began,
            show=shown.show,
            asked=shown.asked if acknowledge else None,
        )
    except KeyboardInterrupt as error:
        message = "interrupted: the drill is kept as aborted, and its window is over"
        raise CommandError("Interrupted", message, Exit.ERROR) from error
    _leave(ctx, record, as_json=as_json)


@command(
    "acknowledge",
    example="drill acknowledge 5f0c7ad2 --by alice",
    exits=(Exit.AWAY, Exit.NOT_FOUND),
)
@click.argument("drill_id", metavar="ID")
@click.option("--step", metavar="STEP", help="Its key, to be sure that it is the one you mean.")
@by_option
@json_option
def acknowledge(ctx: click.Context, *, drill_id: str, step: str | None, by: str, as_json: bool) -> None:
    """Say that the step which drill ID waits for is done, by whom.

    ID may be the beginning of it, four characters or more. Some steps take another person than an earlier
    one did.
    """
    record, done = find_guard(ctx).drills.acknowledge(drill_id, by=by, step=step)
    if as_json:
        print_json({"drill_id": record.drill_id, "step": done.key, "by": by})
    else:
        click.echo(safe(f"{done.key}: acknowledged by {by}"))


@command("list", example="drill list --limit 5", exits=(Exit.AWAY,))
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@json_option
def list_drills(ctx: click.Context, *, limit: int, as_json: bool) -> None:
    """List the last drills with their scores, newest first. One that was aborted has none."""
    found = find_guard(ctx).drills.list(limit)
    if as_json:
        print_json({"drills": [one.to_dict() for one in found]})
    else:
        list_screen(ctx, found).show()


@command("show", example="drill show 5f0c7ad2", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("drill_id", metavar="ID")
@json_option
def show(ctx: click.Context, *, drill_id: str, as_json: bool) -> None:
    """Show the score card of one drill."""
    record = find_guard(ctx).drills.show(drill_id)
    if as_json:
        print_json(record.to_dict())
    else:
        card_screen(ctx, record).show()


for _command in (run, acknowledge, list_drills, show):
    drill.add_command(_command)


def _leave(ctx: click.Context, record: DrillRecord, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json(record.to_dict())
    else:
        card_screen(ctx, record).show()
    finished: Any = record.state.value == "finished"
    ctx.exit(Exit.DONE if finished else Exit.UNCONFIRMED)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
