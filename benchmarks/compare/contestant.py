"""The one shape of a contestant: its processes, and how it is paused and resumed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.compare.stage import Stage

__all__ = ["SLOTS_EACH", "TOOLS", "TOOLS_PYTHON", "WORKERS", "Contestant", "Span", "Stopped"]

WORKERS, SLOTS_EACH = 2, 2
"""Two workers with two slots each: one can be restarted while the other goes on."""
TOOLS = Path(os.environ.get("COMPARE_TOOLS") or Path(__file__).resolve().parents[2] / ".venv-compare")
"""Where `install.sh` puts the other queues."""
TOOLS_PYTHON = TOOLS / "bin" / "python"

Span = tuple[float, float]
"""When a call began, and when it had returned."""


class Contestant:
    """What is the same for most. `way` chooses between the ways to pause one tool.

    Args:
        quick: a smoke test; waits that only serve the measuring are left out.

    Attributes:
        name: as `--only` and the table have it.
        pause_is: the call that is timed.
        built_for: what its pause was made for, in a sentence.
        needs: the package that must be there; empty for the project's own environment.
        ready_text, ready_times: what a worker's log says, and how often, when it takes jobs.
        settle: seconds that the fleet needs before its pause can be as fast as usual.
        drops: what it pauses is gone, by its own documentation.
        redelivers_within: seconds until a dead worker's jobs run again; 0: never, or later than we wait.
        has_workers_while_paused: whether there is anybody whose worker can be disturbed.
    """

    name: ClassVar[str]
    pause_is: ClassVar[str]
    built_for: ClassVar[str]
    needs: ClassVar[str] = ""
    way: ClassVar[str] = ""
    ready_text: ClassVar[str]
    ready_times: ClassVar[int] = 1
    settle: ClassVar[float] = 0.0
    drops: ClassVar[bool] = False
    redelivers_within: ClassVar[float] = 0.0
    has_workers_while_paused: ClassVar[bool] = True

    def __init__(self, *, quick: bool = False) -> None:
        self.quick = quick

    def worker(self, number: int, environ: dict[str, str]) -> Sequence[str | Path]:
        """The command of one worker process with `SLOTS_EACH` slots."""
        raise NotImplementedError

    def tool(self) -> Sequence[str | Path]:
        """The command of a process that answers the line protocol of `serving`."""
        raise NotImplementedError

    def environ(self, _folder: Path) -> dict[str, str]:
        """What its processes need beyond what all have."""
        return {}

    def prepare(self, stage: Stage) -> None:
        """Before its first process."""

    def pause(self, stage: Stage) -> Span:
        """Make the call that is timed."""
        return stage.controller.timed("pause")

    def resume(self, stage: Stage) -> Span:
        """And its counterpart."""
        return stage.controller.timed("resume")

    @staticmethod
    def serving(app: str, python: str | Path = sys.executable) -> Sequence[str | Path]:
        """The module of `benchmarks.compare.apps` that speaks for a tool, run by this Python."""
        return [python, "-W", "ignore", "-m", "benchmarks.compare.apps", app]


class Stopped(Contestant):
    """Pausing by stopping all workers in order, and starting them again."""

    has_workers_while_paused = False

    def pause(self, stage: Stage) -> Span:
        """SIGTERM to all, and wait until the last has ended."""
        return stage.timed(stage.stop_workers)

    def resume(self, stage: Stage) -> Span:
        """Start them. The call is over when the processes are started, not when they are ready."""
        return stage.timed(stage.start_workers)
