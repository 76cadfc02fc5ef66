"""What commands share: how they are made, `--json`, `--by`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from celery.bin.base import CeleryCommand, handle_preload_options

from guard.cli.exits import Exit, epilog
from guard.cli.where import operator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["by_option", "command", "json_option"]


def command(
    name: str, *, example: str, exits: tuple[Exit, ...] = (), own: Mapping[int, str] | None = None
) -> Callable[[Callable[..., None]], click.Command]:
    """Decorator: a command of Celery's kind. Its help text ends with the example and the exit codes;
    `own`: their
    meanings where they are not those of all commands."""

    def decorate(function: Callable[..., None]) -> click.Command:
        callback: Any = click.pass_context(handle_preload_options(function))
        ends = epilog(example, Exit.DONE, Exit.INVALID, *exits, own=own)
        make = click.command(name, cls=CeleryCommand, epilog=ends)
        return make(callback)

    return decorate


json_option = click.option(
    "-j", "--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else."
)

by_option = click.option(
    "--by",
    default=operator,
    metavar="NAME",
    show_default="you@this machine",
    help="Who, for the journal. 1 to 100 characters.",
)
