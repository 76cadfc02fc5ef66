"""The group that all commands are in: every error leaves it as one line, or as one JSON object."""

from __future__ import annotations

import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from guard.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.cli.failures import Failure

__all__ = ["MaintenanceGroup"]


class MaintenanceGroup(click.Group):
    """Reports what goes wrong in its commands, wrong usage included. Imports each when it is used."""

    def __init__(self, *args: Any, lazily: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self._lazily = lazily

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of use, not of the alphabet."""
        return list(self._lazily)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """From the module of its name."""
        if cmd_name not in self._lazily:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"guard.cli.{name}"), name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click, and notes whether JSON is wanted: wrong usage is told before options are known."""
        ctx.meta[__name__] = "--json" in args
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, and names the nearest command for one that is not there."""
        from guard.core.suggest import did_you_mean

        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"there is no command {name!r}{near}.", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        from guard.cli.failures import Failure, failure_of

        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            message = "interrupted: what had begun goes on, see `maintenance status`"
            _leave(ctx, Failure(kind="Interrupted", message=message, exit=Exit.ERROR))
        except click.Abort:
            _leave(ctx, Failure(kind="Aborted", message="nothing was changed", exit=Exit.NOT_NOW))
        except Exception as error:  # noqa: BLE001 - the outermost place of a command
            failure = failure_of(error)
            if failure is None:
                click.echo("".join(traceback.format_exception(error)), err=True)
                message = f"unexpected {type(error).__name__}; please report it with the lines above"
                failure = Failure(kind="UnexpectedError", message=message, exit=Exit.ERROR)
            _leave(ctx, failure)


def _leave(ctx: click.Context, failure: Failure) -> NoReturn:
    from guard.cli.render import print_json

    if ctx.meta.get(__name__):
        print_json(failure.to_dict())
    else:
        click.echo(failure.line(), err=True)
    ctx.exit(failure.exit)
