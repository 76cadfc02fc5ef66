"""The jobs' own journal: one file per round, to which every process appends whole lines.

Nothing is fsynced: processes die here, no machine does, and what `write` has taken outlives its process.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from guard.clock import BOOT

__all__ = ["Journal", "append", "boot", "ran_before"]


def boot() -> float:
    """Seconds since boot: the clock of every line. All processes here are on one machine."""
    return time.clock_gettime(BOOT)


def append(path: str | Path, line: dict[str, Any]) -> None:
    """One line, in one write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps({**line, "at": boot()}) + "\n").encode())
    finally:
        os.close(descriptor)


def ran_before(path: str | Path, task_id: str) -> bool:
    """Whether the journal has a start of this job already."""
    return f'"event": "start", "id": "{task_id}"' in Path(path).read_text() if Path(path).exists() else False


class Journal:
    """One file as it grows, read on from where the last look ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[dict[str, Any]] = []
        self._read = 0

    def look(self) -> list[dict[str, Any]]:
        """All whole lines so far, in the order in which they were written."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._read)
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read += len(whole)
            self.lines += [json.loads(line) for line in whole.splitlines()]
        return self.lines

    def by_job(self) -> dict[str, list[dict[str, Any]]]:
        """The lines of each job."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in self.look():
            found[line["id"]].append(line)
        return found
