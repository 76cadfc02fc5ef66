"""Which image files the demo works on: the user's, or made ones with a broken one among them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tasks.demo.images import make_images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MADE: Final = 40
_LARGE_EVERY: Final = 7
"""Large ones take long enough to be seen running. No multiple of five, the number of kinds of files."""
MOST: Final = 1000
_SUFFIXES: Final = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)


def make_pictures(folder: Path, seed: int) -> tuple[list[Path], list[Path]]:
    """Make them.

    Returns:
        The good ones, and the one that is broken.
    """
    *good, broken = make_images(folder, MADE, seed, with_broken=True, large_every=_LARGE_EVERY)
    return good, [broken]


def find_pictures(folder: Path) -> list[Path]:
    """Image files in the folder and below it, by their endings, at most `MOST`, in order of their names.

    Raises:
        NoPictures: There is none.
    """
    found = sorted(path for path in _files(folder) if path.suffix.lower() in _SUFFIXES)[:MOST]
    if not found:
        raise NoPictures(f"no image file in {folder}: looked for {', '.join(sorted(_SUFFIXES))}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            yield folder.__class__(where, name)


class NoPictures(Exception):
    """The user's folder holds no image."""
