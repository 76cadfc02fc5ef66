"""Weekly optimization: a window of its own, by `Guard.optimization`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notes import Notes

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["weekly_optimization"]


def weekly_optimization(world: World) -> RoutineResult:
    """Optimize. The optimization raises its own alerts."""
    notes = Notes()
    notes.figure("report", world.optimize().to_dict())
    return notes.result()
