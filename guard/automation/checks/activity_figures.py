"""Counts of activations, blocked jobs and errors of a time, as the reviews show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.history import windows_since, with_accounts
from guard.core.activity import activity_of

if TYPE_CHECKING:
    from guard.automation.notes import Notes
    from guard.automation.world import World
    from guard.core.history import WindowRecord

__all__ = ["note_activity"]

_UNREAD = "the account of {count} of these windows does not answer"


def note_activity(notes: Notes, world: World, since: float) -> list[WindowRecord] | None:
    """Write the counts since a moment down. Gives the windows; None when they are not known."""
    names = ("activations", "emergencies", "rehearsals")
    jobs = ("refused", "held", "parked", "errors")
    titles = {"errors": "jobs that failed, were killed or lost"}
    records = notes.ask("windows", lambda: windows_since(world.durable, since), shown=len)
    if records is None:
        for name in (*names, *jobs):
            notes.unknown(titles.get(name, name), "the history does not answer")
        return None
    seen = activity_of(with_accounts(records, world.tally))
    for name in names:
        notes.figure(name, getattr(seen, name))
    for name in jobs:
        title = titles.get(name, f"jobs {name}")
        if seen.unread:
            notes.unknown(title, _UNREAD.format(count=seen.unread))
        else:
            notes.figure(title, getattr(seen, name))
    return records
