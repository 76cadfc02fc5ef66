"""The one error of the image work. Free of Pillow, so that whoever only reads results can import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class BrokenImage(Exception):
    """This file cannot become a picture, now or on a later try. Nothing was written.

    Both values are kept as strings in `args`: the prefork pool pickles the error and the JSON result backend
    stores its arguments, and both rebuild it by calling the class with them.

    Attributes:
        path: The file, as it was given.
        why: What is wrong with it, with the measured value and the limit.
    """

    def __init__(self, path: Path | str, why: str) -> None:
        super().__init__(str(path), why)
        self.path = str(path)
        self.why = why

    def __str__(self) -> str:
        return f"broken image {self.path}: {self.why}"
