"""Faces that come up inside another program's command, when `install` runs there.

Nothing below the faces imports one, so they are found by name; and only by the command that shows them:
Celery loads an app inside the context of the command that was typed, which says its name.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module

__all__ = ["bring_up"]

log = logging.getLogger(__name__)

_FACES = {"flower": "guard.flower"}
"""Sub-commands of `celery`, and who comes up inside each."""


def bring_up() -> None:
    """Bring up the face of the command that runs. A worker, a script or a web process has none."""
    command = _command()
    if command not in _FACES:
        return
    try:
        import_module(_FACES[command]).come_up()
    except Exception:
        # Whoever started that program wants it to run.
        log.exception("%s comes up without the guard's pages", command)


def _command() -> str | None:
    """The sub-command of `celery` that runs in this process; None when it is another program."""
    click = sys.modules.get("click")  # Celery's own command line has imported it
    context = click.get_current_context(silent=True) if click is not None else None
    return context.find_root().invoked_subcommand if context is not None else None
