"""Whether a `celery` command line of a unit or manifest is one: read by the commands' parsers, not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_command_line(words: Sequence[str]) -> list[str]:
    """Read what follows `celery -A APP`; returns the names of the command and of those in it.

    Raises:
        click.ClickException: there is no such command or option, or a value cannot be.
    """
    from celery.bin.celery import celery

    context = click.Context(celery)
    command: click.Command = celery
    names: list[str] = []
    rest = list(words)
    while isinstance(command, click.Group):
        name = rest.pop(0)
        found = command.get_command(context, name)
        if found is None:
            raise click.UsageError(f"there is no command {name}")
        names.append(name)
        command, context = found, click.Context(found, parent=context)
    if names == ["flower"]:
        _read_flower(rest)
        return names
    values, extra, _ = command.make_parser(context).parse_args(rest)
    if extra:
        raise click.UsageError(f"{names[-1]} takes no {extra}")
    for parameter in command.params:
        if (given := values.get(str(parameter.name))) is not None and not isinstance(given, bool):
            parameter.type_cast_value(context, given)
    return names


def _read_flower(words: Sequence[str]) -> None:
    """Flower's options are Tornado's, which it reads itself."""
    import flower.options  # noqa: F401 - defines them
    from tornado.options import options

    for word in words:
        name = word.partition("=")[0].removeprefix("--").replace("-", "_")
        if not word.startswith("--") or name not in options:
            raise click.UsageError(f"flower takes no {word}")
