"""Session cleanup: expired rows and keys of sessions, by the session manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notes import Notes

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["session_cleanup"]

_OF_THE_CALL = frozenset({"dry_run", "problems", "took", "proof"})


def session_cleanup(world: World) -> RoutineResult:
    """`Guard.sessions.sweep()`, and what it says it did."""
    notes = Notes()
    swept = world.sweep_sessions()
    for name, value in swept.to_dict().items():
        # What is None was not asked for or is not there; what did not answer is in the problems.
        if value is not None and name not in _OF_THE_CALL:
            notes.figure(name, value)
    for problem in swept.problems:
        notes.unknown("sessions", problem)
    return notes.result()
