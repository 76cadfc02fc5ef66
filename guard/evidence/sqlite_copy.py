"""SQLite: by its backup API, which gives one moment's content while others write."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from guard.evidence.parts import Missing

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from guard.evidence.sink import Sink

__all__ = ["sqlite_copy", "sqlite_size"]

_PAGES = 1024
"""Per step: 4 MiB at the usual page size. Between steps others may write."""


def sqlite_copy(url: URL, sink: Sink) -> str:
    """Write a copy of the file, which SQLite opens as it is."""
    source = _file(url)
    if not source.is_file():
        raise Missing(f"{source} is not there, or is no file")

    def go_on(_status: int, remaining: int, total: int) -> None:
        sink.check()
        if remaining == total:
            return
        sink.require_room(_PAGES * 4096)

    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=5)) as database,
        closing(sqlite3.connect(sink.path, timeout=5)) as copy,
    ):
        try:
            database.backup(copy, pages=_PAGES, progress=go_on, sleep=0.05)
        finally:
            sink.reread()
    sink.reread()
    return ""


def sqlite_size(url: URL) -> int | None:
    """Bytes of the file; None when it is not there."""
    try:
        return _file(url).stat().st_size
    except (OSError, Missing):
        return None


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Missing("a database in memory cannot be copied from another process")
    return Path(url.database).absolute()
