"""`docker/one_host` as a process of its own, and what it has left behind."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import psutil

from tests.deployment.places import DOCKER
from tests.support.processes import LocalProcess, is_gone

if TYPE_CHECKING:
    from pathlib import Path


class OneHost(LocalProcess):
    """Start it with a folder of its own for data and logs."""

    def __init__(self, workdir: Path, *words: str | Path) -> None:
        self.folder = workdir / "run"
        argv = [sys.executable, DOCKER / "one_host", "--folder", self.folder, *words]
        super().__init__("one-host", argv, workdir=workdir, env={"NO_COLOR": "1", "COLUMNS": "120"})

    @property
    def document(self) -> dict[str, Any]:
        """What it printed as JSON; its log has the screen too."""
        return dict(json.loads(next(line for line in self.log.splitlines() if line.startswith("{"))))

    def descendants(self) -> list[psutil.Process]:
        """What it has started, all the way down."""
        return psutil.Process(self.pid).children(recursive=True)


def left(processes: list[psutil.Process]) -> list[str]:
    """Those that still run."""
    return [str(process) for process in processes if not is_gone(process)]
