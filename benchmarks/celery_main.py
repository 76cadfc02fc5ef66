"""``celery``, as it would start where the other packages of this environment are not installed.

Celery's command loads every package that adds a command to it. Without the guard that would still
load the guard's command line, and with it Flower: so only the guard's is left, in the guarded arm.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import Any


def main() -> None:
    """Hide what is not of this arm, and be `celery`."""
    every = importlib.metadata.entry_points

    def ours(**selected: Any) -> Any:
        found = every(**selected)
        if selected.get("group") != "celery.commands":
            return found
        wanted = [point for point in found if point.name == "maintenance" and "BENCH_GUARDED" in os.environ]
        return importlib.metadata.EntryPoints(wanted)

    importlib.metadata.entry_points = ours  # type: ignore[assignment]
    from celery.__main__ import main as celery

    sys.argv[0] = "celery"
    celery()


if __name__ == "__main__":
    main()
