"""The stage of a drill on the demo fleet: real faults, real windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.core.drills import Place
from guard.core.modes import Phase
from guard.drills.performing import Unseen
from tasks.demo.drill_faults import fresh_workers
from tasks.demo.servers import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard import Guard
    from guard.core.drill_detection import Readings
    from guard.core.drills import Scenario
    from tasks.demo.drill_faults import Fault

BY: Final = "drill"
GRACE_SECONDS: Final = 2.0
PLANNED_SECONDS: Final = 600.0
NODES: Final = frozenset(f"{name}@demo" for name in WORKERS)


class DemoStage:
    """One drill.

    Args:
        submit: jobs, so that the window meets some; how many.
    """

    place = Place.DEMO

    def __init__(self, scenario: Scenario, guard: Guard, fault: Fault, submit: Callable[[], int]) -> None:
        self._scenario = scenario
        self._guard = guard
        self._fault = fault
        self._submit = submit

    def interrupted(self) -> str:
        """Nobody else uses this fleet."""
        return ""

    def inject(self) -> tuple[str, ...]:
        """Let it work, and break it."""
        count = self._submit()
        return (f"{count} jobs were submitted", self._fault.make())

    def readings(self) -> Readings:
        """Measured."""
        return self._fault.readings()

    def close(self) -> str:
        """Open a real window."""
        self._submit()
        window = self._guard.enable(
            reason=self._scenario.title,
            by=BY,
            mode=self._scenario.mode,
            duration=PLANNED_SECONDS,
            grace=GRACE_SECONDS if self._scenario.mode == "emergency" else None,
        )
        if window.acknowledged is None:
            raise Unseen("the registry of workers does not answer")
        # A process that was killed stays registered for a while, and nobody acknowledges for it.
        nodes = {name.split()[0] for name in window.acknowledged}
        if nodes < NODES:
            raise Unseen(f"not by {', '.join(sorted(NODES - nodes))}")
        ran = len(window.running or ())
        return f"{len(nodes)} workers, {ran} job{'' if ran == 1 else 's'} ran"

    def drained(self) -> bool:
        """By the guard's own word, which counts no worker that it does not know about."""
        return self._guard.advance().state.phase in {Phase.ACTIVE, Phase.VERIFYING}

    def repair(self) -> None:
        """Undo the fault."""
        self._fault.undo()

    def open(self) -> None:
        """End the window: what was held and parked goes on."""
        self._guard.disable(by=BY)

    def is_open(self) -> bool:
        """By the word of every worker."""
        state, workers = self._guard.durable.read(), self._guard.workers()
        if state.phase is not Phase.INACTIVE or workers is None:
            return False
        knows = {one.card.node for one in fresh_workers(workers) if one.acknowledged_epoch >= state.epoch}
        return knows >= NODES

    def leave(self) -> None:
        """The whole fleet ends with the drill: nothing is to be left in order."""
