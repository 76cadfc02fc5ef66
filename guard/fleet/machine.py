"""Which machine this is, and where on it the shared page of a worker can be read.

A worker's pool children outlive its main process when that is killed, and go on with their jobs. All
of them have the worker's shared page, a memfd whose name is unique: through any of them it can be read
by whoever may look into that process, and when nobody has it any more nothing of that worker is left.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["HiddenProcesses", "machine_name", "new_page_name", "page_file"]

_PROC = Path("/proc")


class HiddenProcesses(Exception):
    """Some process hides what it has open, and might be one of the worker's."""


@cache
def machine_name() -> str:
    """The running kernel and this process's view of its processes; empty where that cannot be told.

    Two containers on one host have two names: neither sees the processes of the other.
    """
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("utf-8").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    return ""


def new_page_name(unique: str) -> str:
    """A name for the page of this process: what is unique, and when this process was started."""
    return f"guard-{unique}.{_started(_PROC / 'self')}"


def page_file(page: str) -> Path | None:
    """A file through which a shared page can be read, by its name; None when no process has it.

    Raises:
        HiddenProcesses: it was not found, and some process that is no older than the page could not be
            looked into.
    """
    since = int(page.rpartition(".")[2])
    hidden = False
    for folder in _PROC.glob("[0-9]*"):
        try:
            if _started(folder) < since:
                continue  # older than the worker: not of its family
            for descriptor in (folder / "fd").iterdir():
                with suppress(FileNotFoundError):
                    if f"/memfd:{page} " in str(descriptor.readlink()):
                        return descriptor
        except PermissionError:
            hidden = hidden or _is_a_program(folder)
        except (FileNotFoundError, ProcessLookupError):
            continue
    if hidden:
        raise HiddenProcesses
    return None


def _started(folder: Path) -> int:
    """When a process was started, in clock ticks since boot; 0 where there is no /proc."""
    try:
        return int((folder / "stat").read_text("latin-1").rpartition(")")[2].split()[19])
    except FileNotFoundError:
        return 0


def _is_a_program(folder: Path) -> bool:
    """Whether a process has a command line; kernel threads and those that have just ended have none."""
    with suppress(OSError):
        return bool((folder / "cmdline").read_bytes())
    return False
