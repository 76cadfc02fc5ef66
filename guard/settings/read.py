"""Read the settings, and report every problem at once."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.suggest import did_you_mean
from guard.errors import ConfigurationInvalid
from guard.settings.model import Settings
from guard.settings.usual import usual_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["load_settings"]

SECRETS = Path("/run/secrets")
"""Where Docker and Kubernetes mount secrets, as files named for the variable."""
_OURS = ("MAINTENANCE_", "EMERGENCY_MODE_", "TEST_MODE_", "GUARD_")
_NEARLY = 0.85
_NAMES = frozenset(field.name for field in fields(Settings))


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a process.

    Args:
        environ: the environment; when None the process's own, and before it the files of /run/secrets.

    Raises:
        ConfigurationInvalid: with every problem: name, value (secrets masked), what is allowed, and
            the nearest name for a variable that looks like ours and is not. Nothing was started.
    """
    variables = {**_mounted(), **os.environ} if environ is None else environ
    values = {name.lower(): value for name, value in variables.items() if name.lower() in _NAMES}
    problems = _misspelt(variables)
    settings = usual_settings(values)
    if settings is None:
        from guard.settings.judge import judge

        try:
            settings = Settings.unjudged(judge(Settings, values))
        except ConfigurationInvalid as error:
            problems += error.problems
    if settings is None or problems:
        raise ConfigurationInvalid(*problems)
    return settings


def _mounted() -> dict[str, str]:
    if not SECRETS.is_dir():
        return {}
    return {
        path.name: path.read_text("utf-8").strip()
        for path in SECRETS.iterdir()
        if path.name.lower() in _NAMES and path.is_file()
    }


def _misspelt(variables: Mapping[str, str]) -> list[str]:
    # Only what is nearly a setting is a mistake: Kubernetes, for one, gives every pod variables such
    # as GUARD_SERVICE_HOST when a service is called "guard".
    known = {name.upper() for name in _NAMES}
    suspects = sorted(name for name in variables if name.startswith(_OURS) and name not in known)
    hints = {name: did_you_mean(name, known, nearness=_NEARLY) for name in suspects}
    return [f"{name} is not a setting{hint}" for name, hint in hints.items() if hint]
