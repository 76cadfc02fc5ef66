"""The folder of a run: data, logs and secrets. A temporary one is removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_PREFIX: Final = "one-host-"


class RunFolder:
    """One folder that only this user can read."""

    def __init__(self, path: Path, *, is_temporary: bool) -> None:
        self.path = path
        self._is_temporary = is_temporary

    @classmethod
    def make(cls, chosen: Path | None) -> RunFolder:
        """Make it: the chosen one, which stays and is used again, or a temporary one.

        Folders of runs that were killed are removed: SIGKILL left them no time to do so.
        """
        if chosen is not None:
            chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(chosen.resolve(), is_temporary=False)
        root = Path("/tmp")  # noqa: S108 (mkdtemp makes a private folder; sockets need a short name)
        if not os.access(root, os.W_OK):
            root = Path(tempfile.gettempdir())
        _sweep(root)
        return cls(Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root)), is_temporary=True)

    def of(self, *names: str) -> Path:
        """A folder in it, made if need be."""
        path = self.path.joinpath(*names)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def log(self, service: str) -> Path:
        """Where a service's output goes."""
        return self.of("logs") / f"{service}.log"

    def keep(self) -> None:
        """From now on it is not removed."""
        self._is_temporary = False
        (self.path / "KEEP").touch()

    def close(self) -> None:
        """Remove it if it is a temporary one."""
        if self._is_temporary:
            shutil.rmtree(self.path, ignore_errors=True)


def _sweep(root: Path) -> None:
    for path in root.glob(f"{_PREFIX}*-*"):
        owner = path.name.removeprefix(_PREFIX).split("-", 1)[0]
        is_over = owner.isdecimal() and Path("/proc/self").exists() and not Path("/proc", owner).exists()
        if is_over and not (path / "KEEP").exists():
            shutil.rmtree(path, ignore_errors=True)
