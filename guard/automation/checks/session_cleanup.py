"""Session cleanup: expired rows and keys of sessions, by the session manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notes import Notes
from guard.core.routines import Outcome

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["session_cleanup"]


def session_cleanup(world: World) -> RoutineResult:
    """`Guard.sessions.sweep()`, and what it says it did."""
    notes = Notes()
    sessions = world.part("sessions")
    if sessions is None:
        notes.unknown("sessions", "this release has no session manager")
        return notes.result(Outcome.UNKNOWN)
    swept = sessions.sweep()
    for name, value in swept.to_dict().items():
        if value is None:
            notes.unknown(name, "it did not answer")
        else:
            notes.figure(name, value)
    return notes.result()
