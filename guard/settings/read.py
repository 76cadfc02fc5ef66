"""Read the settings, and report every problem at once."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING

from guard.core.suggest import did_you_mean
from guard.errors import ConfigurationInvalid
from guard.settings import secret_files
from guard.settings.model import Settings
from guard.settings.usual import usual_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SECRETS", "load_settings"]

_OURS = ("MAINTENANCE_", "EMERGENCY_MODE_", "TEST_MODE_", "GUARD_")
_NEARLY = 0.85
_NAMES = frozenset(field.name for field in fields(Settings))
_VARIABLES = frozenset(name.upper() for name in _NAMES)
SECRETS = frozenset(
    field.name.upper() for field in fields(Settings) if field.type in {"Url", "Webhook", "Secret | None"}
)
"""Settings that may hold a secret, in capitals: each may be given as a file."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a process.

    Args:
        environ: the environment; when None the process's own, and before it the files of /run/secrets.
            ``NAME_FILE`` in it is the path of a file that holds the setting ``NAME`` (see `secret_files`).

    Raises:
        ConfigurationInvalid: with every problem: name, value (secrets masked), what is allowed, and
            the nearest name for a variable that looks like ours and is not. Nothing was started.
    """
    given = os.environ if environ is None else environ
    filed, problems = secret_files.read_files(SECRETS, given)
    variables = {**given, **filed}
    if environ is None:
        mounted, more = secret_files.read_mounted(_VARIABLES - variables.keys())
        variables = {**mounted, **variables}
        problems += more
    values = {name.lower(): value for name, value in variables.items() if name.lower() in _NAMES}
    problems += _misspelt(variables)
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


def _misspelt(variables: Mapping[str, str]) -> list[str]:
    # Only what is nearly a setting is a mistake: Kubernetes, for one, gives every pod variables such
    # as GUARD_SERVICE_HOST when a service is called "guard".
    known = _VARIABLES | {secret_files.file_of(name) for name in SECRETS}
    suspects = sorted(name for name in variables if name.startswith(_OURS) and name not in known)
    hints = {name: did_you_mean(name, known, nearness=_NEARLY) for name in suspects}
    return [f"{name} is not a setting{hint}" for name, hint in hints.items() if hint]
