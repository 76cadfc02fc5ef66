"""BullMQ on Node: `queue.pause()`, and `worker.pause()`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.compare.contestant import SLOTS_EACH, TOOLS, Contestant

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BullmqQueue", "BullmqWorker"]

_PROGRAMS = Path(__file__).resolve().parents[1] / "bullmq"


class _Bullmq(Contestant):
    """Two processes with a concurrency of two each."""

    needs = "bullmq"
    ready_text = "ready"
    redelivers_within = 75.0  # the lock of a dead worker runs out after 30 s, and is looked for each 30 s

    def environ(self, _folder: Path) -> dict[str, str]:
        """Where its packages are: not beside its programs, which are in git."""
        return {"NODE_PATH": str(TOOLS / "node" / "node_modules"), "COMPARE_SLOTS": str(SLOTS_EACH)}

    def worker(self, _number: int, _environ: dict[str, str]) -> Sequence[str | Path]:
        """Our program around `Worker`: BullMQ has no command of its own."""
        return ["node", _PROGRAMS / "worker.js"]

    def tool(self) -> Sequence[str | Path]:
        """`Queue`."""
        return ["node", _PROGRAMS / "tool.js"]


class BullmqQueue(_Bullmq):
    """The pause of the queue."""

    name = "bullmq"
    way = "queue"
    pause_is = "queue.pause()"
    built_for = "a pause of one queue for all its workers, inside the script that hands out jobs"


class BullmqWorker(_Bullmq):
    """The pause of each worker."""

    name = "bullmq-worker"
    way = "worker"
    pause_is = "worker.pause() in every process, over a channel of our own"
    built_for = "quieting one process from within; it waits for the running jobs and ends with the process"
