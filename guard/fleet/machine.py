"""Which machine this is, and whether any process of a worker is left on it.

A worker's pool children outlive its main process when that is killed, and go on with their jobs. All
of them map the worker's shared page, a memfd whose name is unique: as long as one process on the
machine has it mapped, jobs of that worker may run.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["machine_name", "processes_with_page"]

_PROC = Path("/proc")


@cache
def machine_name() -> str:
    """The running kernel and this process's view of its processes; empty where that cannot be told.

    Two containers on one host have two names: neither sees the processes of the other.
    """
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    return ""


def processes_with_page(page: str) -> tuple[int, ...] | None:
    """The processes of this machine that have a shared page mapped, by its name.

    None when it cannot be told: another user's processes hide their memory maps.
    """
    found, hidden = [], False
    for folder in _PROC.glob("[0-9]*"):
        try:
            maps = (folder / "maps").read_text("ascii", "replace")
        except PermissionError:
            hidden = hidden or _may_be_a_worker(folder)
        except (FileNotFoundError, ProcessLookupError):
            continue
        else:
            if f"/memfd:{page} " in maps:
                found.append(int(folder.name))
    if found:
        return tuple(found)
    return None if hidden else ()


def _may_be_a_worker(folder: Path) -> bool:
    """Whether a process that hides its maps is more than a kernel thread, which has no command line."""
    with suppress(OSError):
        return bool((folder / "cmdline").read_bytes())
    return False
