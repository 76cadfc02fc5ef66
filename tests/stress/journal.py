"""Journals: what processes say of themselves, one JSON object a line, each line in one write.

A file opened with O_APPEND takes whole lines from any number of processes, and what was written stays when
its writer is killed right afterwards. All times are seconds of CLOCK_BOOTTIME, which the processes of one
machine share. Nothing of the guard is used here: the journals are what it is judged by.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Journal", "Tail", "boot"]


def boot() -> float:
    """Now, in seconds of CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Journal:
    """Lines of one file, written by this process among others."""

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)

    def note(self, event: str, *, durable: bool = False, **fields: Any) -> None:
        """Write one line with the event, the time, and these fields.

        Args:
            durable: have it on the disk before this returns.
        """
        line = json.dumps({"event": event, "at": boot(), **fields}) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
            if durable:
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)


class Tail:
    """Reads a journal on from where the last reading ended; a line that is being written waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new(self) -> list[dict[str, Any]]:
        """The lines since the last call; none while there is no file."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data.rpartition(b"\n")[0]
        if not whole:
            return []
        self._read += len(whole) + 1
        return [json.loads(line) for line in whole.splitlines()]
