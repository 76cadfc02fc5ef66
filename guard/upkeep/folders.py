"""Folders, opened so that no symbolic link and no mount is ever crossed.

A path is walked from the root, one folder at a time, each opened by the descriptor of the one before with
`O_NOFOLLOW`. Whoever swaps a folder for a link while we work makes an open fail, and leads nowhere.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["open_below", "open_folder", "same_mount"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_folder(path: str) -> Iterator[int]:
    """The descriptor of an absolute folder.

    Raises:
        OSError: it is not there, or no part of its path may be a link or anything but a folder (ELOOP,
            ENOTDIR).
    """
    root = os.open("/", _FOLDER)
    try:
        with open_below(root, [part for part in path.split("/") if part]) as folder:
            yield folder
    finally:
        os.close(root)


@contextmanager
def open_below(base: int, parts: Sequence[str]) -> Iterator[int]:
    """The descriptor of a folder below an open one.

    Raises:
        OSError: as `open_folder`.
    """
    current = os.dup(base)
    try:
        for part in parts:
            deeper = os.open(part, _FOLDER, dir_fd=current)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def same_mount(one: int, other: int) -> bool:
    """Whether two open folders lie on one mount. The device does not tell: a bind mount has the same."""
    if os.fstat(one).st_dev != os.fstat(other).st_dev:
        return False
    return _mount_of(one) == _mount_of(other)


def _mount_of(descriptor: int) -> str:
    """The kernel's number of the mount; empty where there is no /proc."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:  # noqa: PTH123 - no path of ours
            return next((line for line in lines if line.startswith("mnt_id:")), "")
    except OSError:
        return ""
