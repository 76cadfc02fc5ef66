"""Another client of the same Redis: asks PING five thousand times a second and notes what it waits for.

``python -m benchmarks.pinging SOCKET STOP_FILE OUT_FILE``: until the stop file is there; writes seconds.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import time
from pathlib import Path

__all__ = ["main"]

_PAUSE_SECONDS = 0.0002
_LOOK_EVERY = 50
_MOST = 2_000_000


def main(address: str, stop: Path, out: Path) -> None:
    """Ping until told to stop."""
    waits: list[float] = []
    gc.disable()
    _come_first()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        out.with_suffix(".ready").touch()
        while len(waits) % _LOOK_EVERY or not (stop.exists() or len(waits) > _MOST):
            begun = time.perf_counter()
            connection.sendall(b"PING\r\n")
            connection.recv(64)
            waits.append(time.perf_counter() - begun)
            time.sleep(_PAUSE_SECONDS)
    unfinished = out.with_suffix(".part")
    unfinished.write_text(json.dumps(waits), "utf-8")
    unfinished.rename(out)


def _come_first() -> None:
    """This client stands for one on a machine of its own: that it waits for a processor here is not what is
    asked. Where that is not allowed, it waits, and the quiet run beside shows how long."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
