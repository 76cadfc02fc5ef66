"""Log files: the end of each, since that is where the emergency is. Links are not followed."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.amounts import in_bytes
from guard.evidence.parts import Missing, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.evidence.sink import Sink

__all__ = ["log_parts"]

_PIECE = 2**20
_MOST_FILES = 200
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def log_parts(paths: Sequence[str], *, most_bytes: int) -> list[Part]:
    """A part for each file; of a folder for each file that lies directly in it, newest first.

    Args:
        paths: files and folders.
        most_bytes: of each file, from its end.
    """
    if not paths:
        return [Part(name="logs", file="logs", collect=_none_named)]
    parts: list[Part] = []
    for path in dict.fromkeys(str(Path(path).expanduser().absolute()) for path in paths):
        for file in _files(path):
            parts.append(_part(len(parts) + 1, file, most_bytes))
        if Path(path).is_dir() and not Path(path).is_symlink() and len(_entries(path)) > _MOST_FILES:
            parts.append(_left_out(path))
    return parts


def _part(number: int, path: str, most_bytes: int) -> Part:
    base = _ODD.sub("_", os.path.basename(path))[-80:] or "log"  # noqa: PTH119
    return Part(
        name=f"log {path}",
        file=f"log-{number:03}-{base}",
        collect=lambda sink: _copy_end(path, sink, most_bytes),
        needs=lambda: _needs(path, most_bytes),
    )


def _files(path: str) -> list[str]:
    """The files that a path stands for; itself when it is none, so that it is named as missing."""
    if not Path(path).is_dir() or Path(path).is_symlink():
        return [path]
    return _entries(path)[:_MOST_FILES] or [path]


def _entries(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [
                (entry.stat(follow_symlinks=False).st_mtime, entry.path)
                for entry in entries
                if not entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def _left_out(folder: str) -> Part:
    def missing(_sink: Sink) -> str:
        raise Missing(f"only the newest {_MOST_FILES} files were taken")

    return Part(name=f"more of {folder}", file=f"more-{_ODD.sub('_', folder)[-80:]}", collect=missing)


def _copy_end(path: str, sink: Sink, most_bytes: int) -> str:
    try:
        # Not blocking: to open a pipe that nobody writes to would take for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        link = Path(path).is_symlink()
        raise Missing("a symbolic link: name the file itself" if link else _said(error)) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            folder = stat.S_ISDIR(found.st_mode)
            raise Missing("it is a folder without files" if folder else "it is no plain file")
        start = max(0, found.st_size - most_bytes)
        place = start
        # What comes while we read is not ours to run after.
        while place < found.st_size and (
            piece := os.pread(descriptor, min(_PIECE, found.st_size - place), place)
        ):
            sink.write(piece)
            place += len(piece)
    finally:
        os.close(descriptor)
    return f"the last {in_bytes(most_bytes)} of {in_bytes(found.st_size)}" if start else ""


def _needs(path: str, most_bytes: int) -> int | None:
    try:
        return min(most_bytes, Path(path).lstat().st_size)
    except OSError:
        return None


def _said(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _none_named(_sink: Sink) -> str:
    raise Missing("no log is named: use --log, or set GUARD_EVIDENCE_LOGS")
