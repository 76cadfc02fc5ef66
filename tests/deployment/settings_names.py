"""Which environment variables mean something to a process of ours."""

from __future__ import annotations

from dataclasses import fields

from guard.settings.model import Settings
from tasks.settings import JobSettings

OURS = frozenset(field.name.upper() for field in fields(Settings))
JOBS = frozenset(name.upper() for name in JobSettings.model_fields)
# Read where they are used, not by a settings class.
OTHERS = frozenset({"GUARD_ALIVE_FOLDER", "FLOWER_BASIC_AUTH", "APP", "PYTHONUNBUFFERED"})


def unknown(names: set[str]) -> set[str]:
    """Those that nothing reads: a misspelt setting is silently a default."""
    known = OURS | JOBS | OTHERS
    return {name for name in names if name not in known and name.removesuffix("_FILE") not in known}
