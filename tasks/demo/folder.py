"""The demo's private folder: sockets, databases, logs, images. Removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

PREFIX: Final = "guard-demo-"
_KEEP: Final = "KEEP"
LONGEST_SOCKET_PATH: Final = 103
"""Bytes; macOS takes one more with the closing zero, Linux four more."""


class Folder:
    """One folder that only this user can read, with a short name, since a socket lies in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls) -> Folder:
        """Make it, and remove those of demos that were killed.

        Raises:
            OSError: No temporary folder can be written to, or its name is too long for a socket.
        """
        root = Path("/tmp")  # noqa: S108 (mkdtemp makes a private folder in it; TMPDIR may be too long)
        if not os.access(root, os.W_OK):
            root = Path(tempfile.gettempdir())
        _sweep(root)
        folder = cls(Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=root)))
        if len(os.fsencode(folder.socket)) > LONGEST_SOCKET_PATH:
            folder.remove()
            raise OSError(f"{root} is too long a name for a socket in it: set TMPDIR to a shorter one")
        return folder

    @property
    def socket(self) -> Path:
        """Where Valkey listens."""
        return self.path / "valkey.sock"

    @property
    def images(self) -> Path:
        """Where image files are made."""
        return self.path / "images"

    @property
    def results(self) -> Path:
        """The results database."""
        return self.path / "results.db"

    def log(self, name: str) -> Path:
        """The log of a process."""
        return self.path / f"{name}.log"

    def keep(self) -> None:
        """From now on no demo removes it."""
        (self.path / _KEEP).touch()

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Remove folders of ours whose demo is gone: SIGKILL left it no time to do so itself."""
    if not Path("/proc/self").exists():
        return
    for path in root.glob(f"{PREFIX}*-*"):
        owner = path.name.removeprefix(PREFIX).split("-", 1)[0]
        if owner.isdecimal() and not Path("/proc", owner).exists() and not (path / _KEEP).exists():
            shutil.rmtree(path, ignore_errors=True)
