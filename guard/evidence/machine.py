"""This machine, as far as it explains the rest: who is signed in, how full it is, since when it runs."""

from __future__ import annotations

import os
import platform
import socket
import time
from typing import Any

from guard.evidence.parts import Missing, Part, json_part
from guard.evidence.processes import psutil
from guard.observe.release import release

__all__ = ["machine_part"]


def machine_part() -> Part:
    """One document."""
    return json_part("machine", _facts)


def _facts() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "guard": release(),
        "at": time.time(),
        "time_zone": time.tzname,
        "load": list(os.getloadavg()),
        "processors": os.cpu_count(),
        **_more(),
    }


def _more() -> dict[str, Any]:
    try:
        library = psutil()
    except Missing as error:
        return {"unknown": str(error)}
    return {
        "booted_at": library.boot_time(),
        "memory": library.virtual_memory()._asdict(),
        "swap": library.swap_memory()._asdict(),
        "users": [one._asdict() for one in library.users()],
        "disks": [
            {"mount": disk.mountpoint, "kind": disk.fstype, **library.disk_usage(disk.mountpoint)._asdict()}
            for disk in library.disk_partitions()
        ],
    }
