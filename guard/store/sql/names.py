"""Names in the database, and which release of its tables this is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["CONFIGURATION_TABLES", "VERSION_TABLE", "only_adds", "revisions"]

VERSION_TABLE = "guard_schema_version"
CONFIGURATION_TABLES = ("configuration", "system_configuration")
"""Where the guides' rows may be; the first that has the right columns is used."""
_FOLDER = Path(__file__).parent / "migrations" / "versions"


@cache
def revisions() -> tuple[str, ...]:
    """The revisions of this release, oldest first: the files' names begin with them. Alembic itself is
    loaded only to migrate; a worker start has no use for its four tenths of a second."""
    return tuple(name[1:5] for name in sorted(path.name for path in _FOLDER.glob("r0*.py")))


def only_adds(version: object) -> bool:
    """Whether a revision is of a later release and only adds to what this release knows.

    A rolling deploy migrates first, so processes of the release before meet the newer tables: they go on,
    also when they start anew. Revisions with the same first digit promise that; one that takes something
    away or gives it another meaning begins with the next digit, and is refused by this release.
    """
    newest = revisions()[-1]
    return (
        isinstance(version, str)
        and len(version) == len(newest)
        and version.isascii()
        and version.isdecimal()
        and version[0] == newest[0]
        and version > newest
    )
