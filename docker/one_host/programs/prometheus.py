"""Prometheus, where it is installed, or was taken out of Debian's package beside promtool."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from one_host.programs.program import Program

_PORT = 9090


class Prometheus(Program):
    """The server; without it everything else runs all the same."""

    ports = (_PORT,)

    @property
    def missing(self) -> str:
        """It is on the path or in the cache of tests/support/install_promtool.sh."""
        return "" if self._binary else "prometheus"

    def prepare(self) -> None:
        """The image's health command is busybox's wget, which not every host has."""
        program = "import sys, urllib.request; urllib.request.urlopen(sys.argv[-1], timeout=5).read()"
        self.place.stand_in("wget", f"exec {sys.executable} -c '{program}' \"$@\"")

    def argv(self) -> list[str]:
        """The command, on its own address."""
        return [str(self._binary), *super().argv(), f"--web.listen-address={self.place.address}:{_PORT}"]

    @property
    def _binary(self) -> str | None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        kept = cache / "celery-maintenance-guard" / "prometheus"
        return self.find("prometheus") or (str(kept) if os.access(kept, os.X_OK) else None)
