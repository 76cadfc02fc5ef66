"""Weekly optimization: a window of its own, by `Guard.optimization`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notes import Notes
from guard.core.routines import Outcome

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["weekly_optimization"]

_BY = "beat"


def weekly_optimization(world: World) -> RoutineResult:
    """Bring to its end what a process that died has left, then optimize. The optimization raises its own
    alerts."""
    notes = Notes()
    optimization = world.part("optimization")
    if optimization is None:
        notes.unknown("report", "this release has no optimization")
        return notes.result(Outcome.UNKNOWN)
    recover = getattr(optimization, "recover", None)
    if recover is not None:
        recover()
    notes.figure("report", optimization.run(by=_BY).to_dict())
    return notes.result()
