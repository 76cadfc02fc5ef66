"""Plain Celery, paused in three ways."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.compare.contestant import SLOTS_EACH, Contestant, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["CeleryAlone", "CeleryCancel", "CeleryRevoke", "CeleryStopped"]

_APP = "benchmarks.compare.apps.celery_app"


class CeleryAlone(Contestant):
    """Prefork workers with Celery's defaults: prefetch of four per slot, acknowledged before they run."""

    ready_text = " ready."

    def worker(self, number: int, _environ: dict[str, str]) -> Sequence[str | Path]:
        """`celery worker`."""
        options = ["-l", "INFO", "-P", "prefork", "-c", str(SLOTS_EACH), "-n", f"w{number}@compared"]
        celery = [sys.executable, "-W", "ignore", "-m", "benchmarks.celery_main"]
        return [*celery, "-A", _APP, "worker", *options]

    def tool(self) -> Sequence[str | Path]:
        """The same app."""
        return self.serving("celery_app")


class CeleryCancel(CeleryAlone):
    """Remote control of consumers."""

    name = "celery-cancel"
    way = "cancel"
    pause_is = "control.cancel_consumer(reply=True, limit=number of workers)"
    built_for = "moving workers between queues; it stops the fetching and says nothing of what was fetched"


class CeleryRevoke(CeleryAlone):
    """Revoking all that was published and has not ended."""

    name = "celery-revoke"
    way = "revoke"
    pause_is = "control.revoke(ids of all that has not ended, terminate=True)"
    built_for = "taking back single jobs for good; it is no pause, and people use it as one"
    drops = True


class CeleryStopped(CeleryAlone, Stopped):
    """A warm shutdown of all workers."""

    name = "celery-stop"
    way = "stop"
    pause_is = "SIGTERM to every worker, until the last has ended"
    built_for = "deployments: nothing is more paused than a process that is not there"
