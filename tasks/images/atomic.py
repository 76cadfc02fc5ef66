"""Write a file so that its name never stands for half of it."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable

STALE_SECONDS: Final = 3600.0
"""A temporary file older than this was left by a killed process: no image takes an hour to write."""


def write_atomically(
    destination: Path, write: Callable[[BinaryIO], None], check: Callable[[Path], None]
) -> None:
    """Write beside `destination`, check what was written, then rename over it.

    A process killed at any moment leaves either the old file, the new one, or none, and at most a hidden
    `.part` file, which a later write of the same name removes.

    Args:
        destination: The final name; its folder is made when missing.
        write: Puts the content into the open file.
        check: Gets the temporary file's path and raises if the content is not good.

    Raises:
        Exception: Whatever `write` or `check` raised; the destination is as it was and nothing is left beside
            it.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(destination)
    descriptor, name = tempfile.mkstemp(
        prefix=f".{destination.name}.", suffix=".part", dir=destination.parent
    )
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            # Before the rename: after a power cut some file systems show the new name with no content.
            os.fsync(file.fileno())
        check(temporary)
        # mkstemp makes files for the owner only; results are for whoever may read the folder.
        temporary.chmod(0o644)
        temporary.replace(destination)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _remove_stale(destination: Path) -> None:
    before = time.time() - STALE_SECONDS
    for leftover in destination.parent.glob(f".{destination.name}.*.part"):
        try:
            if leftover.stat().st_mtime < before:
                leftover.unlink()
        except FileNotFoundError:  # another worker was first
            continue
