"""`celery maintenance`, found by Celery through the entry point `celery.commands`.

Celery loads this module with each of its commands, also in every worker, so nothing is imported
before it is needed.
"""

from __future__ import annotations

import logging
import sys

import click

from guard.cli.exits import MEANINGS
from guard.cli.group import MaintenanceGroup

__all__ = ["maintenance"]

_COMMANDS = (
    "enable",
    "change",
    "drain",
    "verify",
    "disable",
    "schedule",
    "status",
    "parked",
    "job",
    "account",
    "report",
    "reports",
    "ledger",
    "optimize",
    "routines",
    "health",
    "alerts",
    "notifications",
    "check",
    "doctor",
    "migrate",
    "evidence",
    "drill",
    "bypass",
    "access",
    "audit",
    "secrets",
    "sessions",
    "web",
    "metrics",
    "close-local",
)
"""Each is in the module of its name, and imported when it is used."""
_CODES = "\n".join(f"  {code.value}  {meaning}" for code, meaning in MEANINGS.items())


def _version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if asked:
        from guard.observe.release import release

        click.echo(f"celery-maintenance-guard {release()}")
        ctx.exit()


@click.group(
    "maintenance",
    cls=MaintenanceGroup,
    lazily=_COMMANDS,
    epilog="\b\nA window, from begin to end:\n"
    '  celery -A yourapp maintenance enable --reason "Database upgrade" --duration 90m\n'
    "  celery -A yourapp maintenance drain --watch\n"
    "  celery -A yourapp maintenance disable\n\n"
    f"\b\nExit codes:\n{_CODES}\n\n"
    "With --json every command prints one JSON document; an error is "
    '{"error": kind, "message": …, "problems": […]} with the same exit code.',
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the release."
)
def maintenance() -> None:
    """Maintenance windows: refuse, hold and park guarded jobs, and give them back."""
    if sys.stderr.isatty():
        # the guides' lines are for log files; on a terminal the screen below says the same
        logging.getLogger("guard.maintenance").setLevel(logging.CRITICAL)
