"""The maintenance itself: what the window is opened for. It needs the results database at rest."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def compact(database: Path) -> str:
    """Rewrite the whole database file, which SQLite does only when nobody else uses it.

    Returns:
        What was done, for the screen.

    Raises:
        sqlite3.OperationalError: Somebody uses it.
    """
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        (problem,) = connection.execute("PRAGMA integrity_check").fetchone()
    return f"the results database was compacted and is {'intact' if problem == 'ok' else problem}"
