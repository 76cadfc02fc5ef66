"""Sizes of tables, and how they have grown since the last stored result of the same routine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.activity import growth_of

if TYPE_CHECKING:
    from guard.automation.notes import Notes
    from guard.automation.world import World

__all__ = ["note_growth"]

_SIZES = "table sizes"
_GROWTH = "table growth since the last result"


def note_growth(notes: Notes, world: World, routine: str, now: float) -> None:
    """Write both down; the growth with the age of what it is compared with."""
    sizes = notes.ask(_SIZES, world.database.table_sizes, unit="bytes")
    if sizes is None:
        notes.unknown(_GROWTH, "the sizes are not known", unit="bytes")
        return
    try:
        last = world.past.last_result(routine, before=now)
    except Exception as error:  # noqa: BLE001 - the rest of the review goes on
        notes.unknown(_GROWTH, f"the last result does not answer ({type(error).__name__})", unit="bytes")
        return
    before = last.result.value(_SIZES) if last is not None else None
    if last is None or not isinstance(before, dict):
        notes.unknown(_GROWTH, "there is no earlier result to compare with", unit="bytes")
        return
    notes.figure(_GROWTH, growth_of(sizes, before), unit="bytes")
    notes.figure("compared with a result of", last.began_at, unit="UTC seconds")
