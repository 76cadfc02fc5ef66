"""Huey: `revoke_all`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare.contestant import SLOTS_EACH, TOOLS, TOOLS_PYTHON, Contestant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Huey"]


class Huey(Contestant):
    """Two consumers with two worker processes each."""

    name = "huey"
    pause_is = "huey.revoke_all(task class)"
    built_for = "not running a kind of task until it is restored; what comes up meanwhile is dropped"
    needs = "huey"
    ready_text = "Huey consumer started"
    drops = True

    def worker(self, _number: int, _environ: dict[str, str]) -> Sequence[str | Path]:
        """`huey_consumer`."""
        consumer = TOOLS / "bin" / "huey_consumer"
        return [consumer, "benchmarks.compare.apps.huey_app.huey", "-w", str(SLOTS_EACH), "-k", "process"]

    def tool(self) -> Sequence[str | Path]:
        """The same instance."""
        return self.serving("huey_app", TOOLS_PYTHON)
