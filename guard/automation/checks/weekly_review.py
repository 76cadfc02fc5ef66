"""Weekly review: windows of the last seven days, and how the tables have grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.checks.activity_figures import note_activity
from guard.automation.checks.table_growth import note_growth
from guard.automation.notes import Notes
from guard.core.activity import lengths_of

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["weekly_review"]

NAME = "weekly-review"
_WEEK = 7 * 86_400.0


def weekly_review(world: World) -> RoutineResult:
    """The figures of the operational procedures, from the guard's own books instead of log lines."""
    notes = Notes()
    now = world.clock.wall()
    records = note_activity(notes, world, now - _WEEK)
    lengths = lengths_of(records) if records is not None else []
    if lengths:
        notes.figure("average length of a window", round(sum(lengths) / len(lengths), 1), unit="s")
    else:
        why = "no window ended in this week" if records is not None else "the history does not answer"
        notes.unknown("average length of a window", why, unit="s")
    notes.figure("machine", world.machine.name)
    notes.ask("uptime of this machine", lambda: round(world.clock.boot()), unit="s")
    note_growth(notes, world, NAME, now)
    return notes.result()
