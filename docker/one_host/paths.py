"""Where the files of a container are on this host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Paths:
    """Paths inside one container, and what they are here. The longest that fits counts."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        self._places = {inside.rstrip("/"): str(here) for inside, here in places.items()}
        names = sorted(map(re.escape, self._places), key=len, reverse=True)
        # Not in the middle of a longer path or of a URL, and only whole names.
        self._pattern = re.compile(rf"(?<![\w./-])({'|'.join(names)})(?![\w.-])") if names else None

    def translate(self, text: str) -> str:
        """The text with our paths in place of the container's."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._places[match[1]], text)
