"""Temporary folders with short names: a unix socket's path must stay under 104 bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "guard-"


def short_dir(label: str) -> Path:
    """Make a folder such as /tmp/guard-4711-valkey-x1y2; pytest's own tmp_path is too long for sockets."""
    root = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - mkdtemp is private
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{label}-", dir=root))


def remove_dir(path: Path) -> None:
    """Remove a folder made by `short_dir`."""
    shutil.rmtree(path, ignore_errors=True)


def sweep_abandoned() -> None:
    """Remove folders of test runs that were killed: each is named for the process that made it."""
    root = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - only our prefix
    for path in root.glob(f"{PREFIX}[0-9]*-*"):
        owner = path.name.removeprefix(PREFIX).split("-", 1)[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            remove_dir(path)
