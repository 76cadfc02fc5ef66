"""Where a file lies: on which kind of file system, and whether something empties that place."""

from __future__ import annotations

import tempfile
from pathlib import Path

from guard.core.doctor_facts import FilePlace

__all__ = ["file_place", "nearest_folder"]

_MOUNTS = Path("/proc/self/mounts")
_EMPTIED = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108 - they are looked for, not used


def file_place(path: Path, *, mounts: Path = _MOUNTS) -> FilePlace:
    """The place of a file, which need not be there yet."""
    whole = path.resolve()
    emptied = {Path(tempfile.gettempdir()).resolve(), *map(Path, _EMPTIED)}
    return FilePlace(
        path=str(path),
        filesystem=_filesystem(whole, mounts),
        temporary=any(folder in whole.parents for folder in emptied),
    )


def nearest_folder(path: Path) -> str:
    """The folder of a file, or the nearest one above that is there."""
    return str(next((folder for folder in path.absolute().parents if folder.is_dir()), Path("/")))


def _filesystem(path: Path, mounts: Path) -> str | None:
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    best: tuple[int, str | None] = (-1, None)
    for line in lines:
        parts = line.split()
        if len(parts) < 3:
            continue
        folder = Path(parts[1].replace("\\040", " "))
        if (folder == path or folder in path.parents) and len(folder.parts) >= best[0]:
            best = (len(folder.parts), parts[2])
    return best[1]
