"""`celery maintenance`, found by Celery through the entry point `celery.commands`.

Celery loads this module with each of its commands, so nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import logging
import sys

import click

from guard.cli.account import account
from guard.cli.check import check
from guard.cli.close_local import close_local
from guard.cli.disable import disable
from guard.cli.enable import enable
from guard.cli.exits import MEANINGS
from guard.cli.group import MaintenanceGroup
from guard.cli.job import job
from guard.cli.migrate import migrate
from guard.cli.parked import parked
from guard.cli.status import status

__all__ = ["maintenance"]

_CODES = "\n".join(f"  {code.value}  {meaning}" for code, meaning in MEANINGS.items())


@click.group(
    "maintenance",
    cls=MaintenanceGroup,
    epilog="\b\nA window, from begin to end:\n"
    '  celery -A yourapp maintenance enable --reason "Database upgrade" --duration 90m\n'
    "  celery -A yourapp maintenance status --watch\n"
    "  celery -A yourapp maintenance disable\n\n"
    f"\b\nExit codes:\n{_CODES}\n\n"
    "With --json every command prints one JSON document; an error is "
    '{"error": kind, "message": …, "problems": […]} with the same exit code.',
)
def maintenance() -> None:
    """Maintenance windows: refuse, hold and park guarded jobs, and give them back."""
    if sys.stderr.isatty():
        # the guides' lines are for log files; on a terminal the screen below says the same
        logging.getLogger("guard.maintenance").setLevel(logging.CRITICAL)


for _command in (enable, disable, status, parked, job, account, check, migrate, close_local):
    maintenance.add_command(_command)
