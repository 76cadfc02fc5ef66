"""Dramatiq: it has no pause. What people do instead, in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare.contestant import SLOTS_EACH, TOOLS, TOOLS_PYTHON, Contestant, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["DramatiqLater", "DramatiqStopped"]

_APP = "benchmarks.compare.apps.dramatiq_app"


class _Dramatiq(Contestant):
    """Two masters with one process of two threads each; Dramatiq acknowledges after a job has run."""

    needs = "dramatiq"
    ready_text = "Worker process is ready for action"

    def worker(self, _number: int, _environ: dict[str, str]) -> Sequence[str | Path]:
        """`dramatiq`."""
        return [TOOLS / "bin" / "dramatiq", _APP, "-p", "1", "-t", str(SLOTS_EACH)]

    def tool(self) -> Sequence[str | Path]:
        """The same broker."""
        return self.serving("dramatiq_app", TOOLS_PYTHON)


class DramatiqStopped(_Dramatiq, Stopped):
    """SIGTERM, as at a deployment."""

    name = "dramatiq-stop"
    way = "stop"
    pause_is = "SIGTERM to every worker, until the last has ended"
    built_for = "deployments; Dramatiq has no pause across processes"


class DramatiqLater(_Dramatiq):
    """A middleware of one's own. One that merely raises is logged, and the job runs."""

    name = "dramatiq-later"
    way = "later"
    pause_is = "a key, for which a middleware of one's own asks before each job, and puts it off by a second"
    built_for = "nothing of the kind: Dramatiq has delays, and a middleware may use them as a pause"
