"""`drill --demo`: the app's own demo fleet plays the scenario, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.core.drill_records import DrillRecord, DrillState
from guard.core.drill_scenarios import scenario_of
from guard.errors import GuardError

if TYPE_CHECKING:
    from celery import Celery

    from guard.api import Guard

__all__ = ["play_demo"]

_SETTING = "guard_drill_demo"
"""Where an app says which module plays drills on a fleet of its own: ``python -m MODULE SCENARIO``. It prints
the score card as one JSON document."""


def play_demo(
    guard: Guard, name: str, *, by: str, app: Celery, acknowledge: bool, quiet: bool
) -> DrillRecord:
    """Play it there, and keep its result here if the durable store answers.

    Raises:
        CommandError: the app has no demo fleet, or that could not play.
        InvalidRequest: there is no such scenario.
    """
    scenario = scenario_of(name)
    module = app.conf.get(_SETTING)
    if not module:
        message = f"this app has no demo fleet: set app.conf.{_SETTING} to a module that plays drills"
        raise CommandError("NoDemo", message, Exit.INVALID)
    began = time.time()
    command = [sys.executable, "-m", str(module), scenario.name]
    command += ["--acknowledge"] if acknowledge else []
    # Its lines go straight to our standard error.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None)
    try:
        printed, _ = process.communicate()
    except KeyboardInterrupt as error:
        process.terminate()  # Ctrl-C has reached it too; it ends all that it started
        process.communicate()
        message = "interrupted: every process of the demo was ended"
        raise CommandError("Interrupted", message, Exit.ERROR) from error
    card = _card(printed)
    if card is None:
        message = f"the demo fleet could not play (exit code {process.returncode}): see what it said above"
        raise CommandError("DemoFailed", message, Exit.ERROR)
    ended = time.time()
    try:
        return guard.drills.keep(card, by=by, began_at=began, ended_at=ended)
    except GuardError as error:
        click.echo(f"! the result is not kept: {error}", err=True)
    return DrillRecord(
        drill_id="not kept",
        scenario=scenario.name,
        place=str(card["place"]),
        state=DrillState.ABORTED if card["aborted"] else DrillState.FINISHED,
        by=by,
        began_at=began,
        ended_at=ended,
        percent=card["percent"],
        card=card,
    )


def _card(printed: bytes) -> dict[str, Any] | None:
    try:
        card = json.loads(printed)
    except ValueError:
        return None
    return card if isinstance(card, dict) and "lines" in card else None
