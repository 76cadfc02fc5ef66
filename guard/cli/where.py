"""Which app, which guard, which settings, and who is asking."""

from __future__ import annotations

import os
import pwd
import socket
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.core.changes import LONGEST_ACTOR

if TYPE_CHECKING:
    from celery import Celery

    from guard.api import Guard
    from guard.settings import Settings

__all__ = ["app_is_given", "find_guard", "find_settings", "installed_guard", "load_task_modules", "operator"]


def app_is_given(ctx: click.Context) -> bool:
    """Whether the command line or the environment names an app."""
    return ctx.find_root().params.get("app") is not None


def installed_guard(ctx: click.Context) -> Guard | None:
    """The guard of the app; None when it has none. The app is never changed."""
    # `install` would put a guard on an app that has none, only in this process: a guard nobody else obeys.
    from guard import bootstrap

    app: Celery = ctx.obj.app
    return bootstrap.installed(app)


def find_guard(ctx: click.Context) -> Guard:
    """The guard of the app.

    Raises:
        CommandError: no app was named, or it has no guard.
    """
    guard = installed_guard(ctx)
    if guard is not None:
        return guard
    if not app_is_given(ctx):
        raise CommandError("NoApp", "no app is named: celery -A yourapp maintenance …", Exit.INVALID)
    raise CommandError(
        "NoGuard",
        f"the app {ctx.obj.app.main or 'given'!r} has no guard: call guard.install(app) where it is made",
        Exit.INVALID,
    )


def find_settings(ctx: click.Context) -> Settings:
    """The settings of the app's guard; without an app those of the environment. Reaches for no server.

    Raises:
        CommandError: the named app has no guard.
        ConfigurationInvalid: the environment is wrong.
    """
    from guard.settings import load_settings

    return find_guard(ctx).settings if app_is_given(ctx) else load_settings()


def load_task_modules(ctx: click.Context) -> None:
    """Import the app's tasks, as a worker does: only then is it known which queues carry guarded work.

    A module that cannot be imported must not keep anybody from closing.
    """
    try:
        ctx.obj.app.loader.import_default_modules()
    except Exception as error:  # noqa: BLE001 - foreign code runs here
        name = type(error).__name__
        click.echo(f"! the app's task modules cannot be imported ({name}): going on without them", err=True)


def operator() -> str:
    """Who is asking: the user of the operating system and the machine, as the kernel has it."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid {uid}"
    behind = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    if behind and behind != name and behind.isprintable():
        name = f"{behind} as {name}"
    return f"{name}@{socket.gethostname()}"[:LONGEST_ACTOR]
