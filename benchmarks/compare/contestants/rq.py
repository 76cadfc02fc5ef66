"""RQ: `rq suspend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare.contestant import SLOTS_EACH, TOOLS, TOOLS_PYTHON, Contestant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Rq"]


class Rq(Contestant):
    """Two pools of two workers, each of which forks a process for each job: RQ's default."""

    name = "rq"
    pause_is = "rq.suspension.suspend()"
    built_for = "a pause of every worker on one Redis, by a key that each looks at between two jobs"
    needs = "rq"
    ready_text = "Listening on"
    ready_times = SLOTS_EACH

    def worker(self, _number: int, environ: dict[str, str]) -> Sequence[str | Path]:
        """`rq worker-pool`."""
        url = environ["COMPARE_REDIS"]
        return [TOOLS / "bin" / "rq", "worker-pool", "jobs", "-n", str(SLOTS_EACH), "--url", url]

    def tool(self) -> Sequence[str | Path]:
        """The functions behind the commands."""
        return self.serving("rq_app", TOOLS_PYTHON)
