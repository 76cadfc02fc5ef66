"""Names in the database, and which release of its tables this is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["CONFIGURATION_TABLES", "VERSION_TABLE", "revisions"]

VERSION_TABLE = "guard_schema_version"
CONFIGURATION_TABLES = ("configuration", "system_configuration")
"""Where the guides' rows may be; the first that has the right columns is used."""
_FOLDER = Path(__file__).parent / "migrations" / "versions"


@cache
def revisions() -> tuple[str, ...]:
    """The revisions of this release, oldest first: the files' names begin with them. Alembic itself is
    loaded only to migrate; a worker start has no use for its four tenths of a second."""
    return tuple(name[1:5] for name in sorted(path.name for path in _FOLDER.glob("r0*.py")))
