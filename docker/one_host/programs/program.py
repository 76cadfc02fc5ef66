"""What every program has in common."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from one_host.place import Place


class Program:
    """The program of one service. Override what differs from an image that simply runs its command."""

    ports: ClassVar[tuple[int, ...]] = ()
    """On which it listens."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def missing(self) -> str:
        """The program that is not installed here; empty: all is there."""
        return ""

    @property
    def image_environment(self) -> Mapping[str, str]:
        """What the image itself puts into the environment."""
        return {}

    @property
    def helpers(self) -> Sequence[Sequence[str]]:
        """Programs that must run before it, and end with it."""
        return ()

    def prepare(self) -> None:
        """Make what the image's own start script makes."""

    def argv(self) -> list[str]:
        """What is started."""
        return [self.place.translate(word) for word in self.place.service.command]

    def environment(self) -> dict[str, str]:
        """The environment of the program, of its health command and of what is run beside it."""
        return self.place.environment(self.image_environment)

    def find(self, *names: str) -> str | None:
        """The first of these programs that is installed."""
        path = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin", os.environ.get("PATH", os.defpath)))
        return next((found for name in names if (found := shutil.which(name, path=path))), None)
