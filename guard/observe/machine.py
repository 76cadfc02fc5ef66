"""Figures of the machine that this process runs on. What it cannot say raises `Unanswerable`."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from guard.errors import Unanswerable

__all__ = ["BackupFile", "DiskUse", "Machine"]

_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """Bytes of the file system that a folder lies on."""

    total: int
    free: int

    @property
    def percent(self) -> float:
        """How full it is for those who are not root."""
        return round(100 * (self.total - self.free) / self.total, 1) if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """The newest file of a folder."""

    name: str
    bytes: int
    changed_at: float


class Machine:
    """This host."""

    @property
    def name(self) -> str:
        """Its name: figures of a host mean nothing without it."""
        return socket.gethostname()

    def disk(self, folder: str) -> DiskUse:
        """The file system of a folder."""
        try:
            use = shutil.disk_usage(folder)
        except OSError as error:
            raise Unanswerable(f"{folder}: {error.strerror or type(error).__name__}") from error
        return DiskUse(total=use.total, free=use.free)

    def memory_percent(self) -> float:
        """How much of the memory is in use."""
        try:
            import psutil
        except ImportError as error:
            raise Unanswerable("psutil is not installed (the extra `automation` has it)") from error
        return float(psutil.virtual_memory().percent)

    def cpu_times(self) -> tuple[float, float]:
        """Seconds for which the processors were busy, and all their seconds, since the machine was started.
        Two looks give their use in between, whichever processes look."""
        try:
            import psutil
        except ImportError as error:
            raise Unanswerable("psutil is not installed (the extra `automation` has it)") from error
        times = psutil.cpu_times()
        # A guest's time is in `user` already.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return total - times.idle - getattr(times, "iowait", 0.0), total

    def load_per_core(self) -> float:
        """The load average of the last five minutes, per core."""
        try:
            load = os.getloadavg()[1]
        except OSError as error:
            raise Unanswerable("this system has no load average") from error
        return round(load / (os.cpu_count() or 1), 2)

    def newest_file(self, folder: str) -> BackupFile | None:
        """The newest file directly in a folder, or None in an empty one. Symbolic links are not followed."""
        try:
            with os.scandir(folder) as entries:
                files = []
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        files.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
                    if len(files) > _MOST_FILES:
                        raise Unanswerable(f"{folder} has more than {_MOST_FILES} files")
            if not files:
                return None
            changed_at, path = max(files)
            return BackupFile(name=Path(path).name, bytes=Path(path).lstat().st_size, changed_at=changed_at)
        except OSError as error:
            raise Unanswerable(f"{folder}: {error.strerror or type(error).__name__}") from error
