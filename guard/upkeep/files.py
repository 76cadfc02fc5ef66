"""Old files within an allow-list of folders: first listed, then deleted, if they still are what was listed.

- Only regular files, by the time when they were last written. Folders stay, empty or not.
- Never through a symbolic link, never onto another mount (`guard.upkeep.folders`).
- Deleted is only what was listed and is the same file, unwritten, when its turn comes.
- A run is bounded: `whole` in its report says whether everything was looked at.

Deleting takes a name out of one folder that was opened safely. So the worst that somebody who may write to
that folder can do, in the instant between the last look and the deletion, is to have their own file deleted.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.optimization_report import FolderReport
from guard.upkeep.folders import open_below, open_folder, same_mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.cleanup import FolderRule

__all__ = ["MOST_FILES", "clean_folder"]

MOST_FILES = 20_000
"""Per rule and run."""
_MOST_LOOKED_AT = 1_000_000
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class _Listed:
    """A file as it was listed: where below the folder, and what it was."""

    parts: tuple[str, ...]
    name: str
    inode: int
    size: int
    written: int


class _TooMuch(Exception):
    """A bound was reached."""


def clean_folder(
    rule: FolderRule,
    *,
    now: float,
    dry_run: bool,
    go_on: Callable[[], bool] = lambda: True,
    most: int = MOST_FILES,
) -> FolderReport:
    """Delete the old files of one rule. Never raises for the file system: that is part of the report.

    Args:
        now: UTC seconds.
        dry_run: list and count only.
        go_on: asked before each file; False ends it.
        most: how many files may be deleted.
    """
    report = FolderReport(folder=rule.folder, pattern=rule.pattern, days=rule.days)
    try:
        with open_folder(rule.folder) as folder:
            listed, whole, unseen = _listed(folder, rule, before=now - rule.seconds, most=most)
            report = replace(
                report,
                listed=len(listed),
                listed_bytes=sum(file.size for file in listed),
                whole=whole,
                problem=f"{unseen} folders below could not be read" if unseen else "",
            )
            return report if dry_run else _deleted(folder, listed, report, go_on)
    except OSError as error:
        return replace(report, whole=False, problem=_refusal(rule.folder, error))


def _refusal(folder: str, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"{folder} is not there"
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return f"{folder} is refused: it, or a folder on the way to it, is a symbolic link or no folder"
    return f"{folder} cannot be read ({error.strerror})"


def _listed(folder: int, rule: FolderRule, *, before: float, most: int) -> tuple[list[_Listed], bool, int]:
    """The files that are old enough, whether that is all of them, and how many folders could not be read."""
    walk = _Walk(folder, rule.pattern, before)
    files: list[_Listed] = []
    try:
        for file in walk.files():
            if len(files) == most:
                return files, False, walk.unseen
            files.append(file)
    except _TooMuch:
        return files, False, walk.unseen
    return files, walk.unseen == 0, walk.unseen


class _Walk:
    """One walk through a folder and what is below it, on the same mount."""

    def __init__(self, top: int, pattern: str, before: float) -> None:
        self._top = top
        self._pattern = pattern
        self._before = before
        self._looked_at = 0
        self.unseen = 0

    def files(self) -> Iterator[_Listed]:
        """Files that fit and are old enough."""
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            parts = waiting.pop()
            try:
                with open_below(self._top, parts) as folder:
                    if not same_mount(self._top, folder):
                        continue
                    below, found = self._look(folder, parts)
            except OSError:
                self.unseen += 1  # gone meanwhile, a link by now, or not ours to read
                continue
            waiting += below
            yield from found

    def _look(self, folder: int, parts: tuple[str, ...]) -> tuple[list[tuple[str, ...]], list[_Listed]]:
        below: list[tuple[str, ...]] = []
        found: list[_Listed] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                self._looked_at += 1
                if self._looked_at > _MOST_LOOKED_AT:
                    raise _TooMuch
                if entry.is_dir(follow_symlinks=False):
                    if len(parts) == _DEEPEST:
                        self.unseen += 1
                    else:
                        below.append((*parts, entry.name))
                elif entry.is_file(follow_symlinks=False) and fnmatch.fnmatchcase(entry.name, self._pattern):
                    facts = entry.stat(follow_symlinks=False)
                    if facts.st_mtime <= self._before:
                        found.append(
                            _Listed(parts, entry.name, facts.st_ino, facts.st_size, facts.st_mtime_ns)
                        )
        return below, found


def _deleted(
    folder: int, listed: list[_Listed], report: FolderReport, go_on: Callable[[], bool]
) -> FolderReport:
    for number, file in enumerate(listed):
        if not go_on():
            left = len(listed) - number
            return replace(report, left=report.left + left, whole=False)
        if _delete(folder, file):
            report = replace(
                report, deleted=report.deleted + 1, deleted_bytes=report.deleted_bytes + file.size
            )
        else:
            report = replace(report, left=report.left + 1)
    return report


def _delete(top: int, file: _Listed) -> bool:
    """Delete a file if it is what was listed. False when it changed, is gone, or cannot be deleted."""
    try:
        with open_below(top, file.parts) as folder:
            facts = os.stat(file.name, dir_fd=folder, follow_symlinks=False)
            same = (facts.st_ino, facts.st_size, facts.st_mtime_ns) == (file.inode, file.size, file.written)
            if not same or not stat.S_ISREG(facts.st_mode) or not same_mount(top, folder):
                return False
            os.unlink(file.name, dir_fd=folder)
            return True
    except OSError:
        return False
