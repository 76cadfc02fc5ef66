"""`maintenance doctor`: what is wrong, why, and what to type."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from guard.cli.doctor_screen import doctor_screen
from guard.cli.exits import HEALTH, HEALTH_MEANINGS
from guard.cli.options import command, json_option
from guard.cli.render import print_json
from guard.cli.where import app_is_given, find_guard, load_task_modules
from guard.core.diagnosis import Diagnosis, Family, Finding, Status
from guard.errors import ConfigurationInvalid
from guard.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["doctor"]


@command("doctor", example="doctor\ndoctor --only emergency\ndoctor --json", own=HEALTH_MEANINGS)
@click.option(
    "--only",
    multiple=True,
    metavar="FAMILY",
    help=f"Only this family of the troubleshooting guide: {', '.join(Family)}. May be given several times.",
)
@click.option("-a", "--all", "show_all", is_flag=True, help="Show what is well, too.")
@json_option
def doctor(ctx: click.Context, *, only: tuple[str, ...], show_all: bool, as_json: bool) -> None:
    """Find the cause of a problem and the command that mends it.

    About forty checks in the five families of the troubleshooting guide. Each says what was seen, why it
    matters and what to type. What could not be looked at names what kept it from that. Nothing is changed;
    secrets are not shown. It ends within 15 seconds even when nothing answers. Without -A only the settings
    of the environment are looked at, which names every problem when an app cannot even be loaded.

    The exit codes are those of monitoring plugins.
    """
    diagnosis = _diagnosis(ctx, only)
    if as_json:
        print_json(diagnosis.to_dict())
    else:
        doctor_screen(ctx, diagnosis, show_all=show_all).show()
    ctx.exit(HEALTH[diagnosis.health])


def _diagnosis(ctx: click.Context, only: tuple[str, ...]) -> Diagnosis:
    try:
        if not app_is_given(ctx):
            load_settings()  # which names every problem when an app cannot even be loaded
        guard = find_guard(ctx)
    except ConfigurationInvalid as error:
        return _invalid(error)
    load_task_modules(ctx)
    with _bar() as seen:
        return guard.diagnose(only=only, seen=seen)


def _invalid(error: ConfigurationInvalid) -> Diagnosis:
    """The app cannot even be loaded: nothing else can be asked."""
    return Diagnosis(
        findings=tuple(
            Finding(
                check="settings",
                family=Family.ACTIVATION,
                symptom='Clicking "Enable Maintenance Mode" has no effect',
                status=Status.PROBLEM,
                seen=problem,
                why="no process of this app starts with such settings",
                remedy="correct it; `celery -A yourapp maintenance check` reads the settings again",
            )
            for problem in error.problems
        )
    )


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on the error stream, when a person looks at it; it goes away when it is full."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label="asking", file=sys.stderr, show_eta=False) as bar:

        def seen(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield seen


