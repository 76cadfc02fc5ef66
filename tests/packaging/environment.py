"""A virtual environment that holds the wheel and what some extras ask for, made without any network.

What pip would fetch is already installed where the tests run: those distributions, and no others, are linked
into the new environment file by file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
import zipfile
from importlib.metadata import PathDistribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.metadata import Distribution

__all__ = ["Environment"]


class Environment:
    """One environment, in a folder that does not exist yet."""

    def __init__(self, folder: Path, wheel: Path, extras: Sequence[str] = ()) -> None:
        venv.create(folder, symlinks=True)
        self._folder = folder
        self.python = folder / "bin" / "python"
        (self.packages,) = (folder / "lib").glob("*/site-packages")
        with zipfile.ZipFile(wheel) as content:
            content.extractall(self.packages)
        (ours,) = self.packages.glob("*.dist-info")
        for found in _needed(PathDistribution(ours), extras):
            _link(found, self.packages)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run its Python, in its own folder and with nothing of this environment but `variables`."""
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self._folder,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self._folder), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def write(self, name: str, text: str) -> Path:
        """A file in its folder."""
        path = self._folder / name
        path.write_text(text, "utf-8")
        return path


def _needed(start: Distribution, extras: Iterable[str]) -> Iterator[Distribution]:
    """All that this distribution asks for with these extras, directly and in turn, each once."""
    todo: list[tuple[Distribution, frozenset[str]]] = [(start, frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    given: set[str] = {canonicalize_name(start.name)}
    while todo:
        asking, wanted = todo.pop()
        if (asking.name, wanted) in seen:
            continue
        seen.add((asking.name, wanted))
        for line in asking.requires or ():
            asked = Requirement(line)
            if asked.marker and not any(asked.marker.evaluate({"extra": extra}) for extra in ("", *wanted)):
                continue
            own = canonicalize_name(asked.name) == canonicalize_name(start.name)
            found = start if own else distribution(asked.name)
            todo.append((found, frozenset(asked.extras)))
            if canonicalize_name(asked.name) not in given:
                given.add(canonicalize_name(asked.name))
                yield found


def _link(found: Distribution, packages: Path) -> None:
    for file in found.files or ():
        source, target = found.locate_file(file), packages / file
        if ".." in file.parts or not Path(str(source)).exists():
            continue  # commands are started by `python -m`; caches come along where they are
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(str(source), target)
        except OSError:  # another file system
            shutil.copy2(str(source), target)
