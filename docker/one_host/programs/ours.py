"""The project's own processes: the image's entry point and variables, with the Python that runs this."""

from __future__ import annotations

import json
import re
import shlex
import sys
from functools import cache
from typing import TYPE_CHECKING, Final

from one_host.place import CHECKOUT
from one_host.programs.program import Program

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCKERFILE: Final = CHECKOUT / "docker" / "Dockerfile"


class Ours(Program):
    """A worker, beat, a page."""

    @property
    def ports(self) -> tuple[int, ...]:  # type: ignore[override]
        """What `--port` says."""
        return tuple(
            int(number) for number in re.findall(r"--port[= ](\d+)", " ".join(self.place.service.command))
        )

    @property
    def image_environment(self) -> Mapping[str, str]:
        """The Dockerfile's ENV of its last stage."""
        return _image()[1]

    def prepare(self) -> None:
        """`celery` and `python` are those of this installation."""
        self.place.stand_in("python", f'exec {shlex.quote(sys.executable)} "$@"')
        self.place.stand_in("celery", f'exec {shlex.quote(sys.executable)} -m celery "$@"')

    def argv(self) -> list[str]:
        """Entry point and command. `%h` is the container's name for itself, which one host has but once."""
        words = [*(self.place.service.entrypoint or _image()[0]), *self.place.service.command]
        return [self.place.translate(word).replace("%h", self.place.service.hostname) for word in words]


@cache
def _image() -> tuple[tuple[str, ...], dict[str, str]]:
    """The entry point and the variables of the Dockerfile's last stage."""
    text = re.sub(r"(?m)^\s*#.*\n", "", _DOCKERFILE.read_text()).replace("\\\n", " ")
    last = re.split(r"(?m)^FROM ", text)[-1]
    entrypoint: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    for line in last.splitlines():
        word, _, rest = line.partition(" ")
        if word == "ENTRYPOINT":
            entrypoint = tuple(json.loads(rest))
        elif word == "ENV":
            variables |= dict(part.partition("=")[::2] for part in shlex.split(rest) if "=" in part)
    # The image's code was compiled when it was built; a checkout is when it is first run.
    return entrypoint, {name: value for name, value in variables.items() if name != "PYTHONDONTWRITEBYTECODE"}
