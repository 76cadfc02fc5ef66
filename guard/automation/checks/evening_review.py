"""Evening review: what happened today, and are the backups there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from guard.automation.checks.activity_figures import note_activity
from guard.automation.notes import Notes
from guard.core.alerts import Severity
from guard.core.appointments import instant_of
from guard.core.durations import humanize

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult
    from guard.observe.machine import BackupFile

__all__ = ["evening_review"]

_OLD_BACKUP_SECONDS = 26 * 3600
"""A daily backup that takes longer on some days than on others."""


def evening_review(world: World) -> RoutineResult:
    """Counts since local midnight, and the newest file of each backup folder."""
    notes = Notes()
    now = world.clock.wall()
    midnight = instant_of(datetime.fromtimestamp(now, world.zone).date(), 0, 0, world.zone)
    note_activity(notes, world, midnight)
    lines = notes.ask(
        "journal lines today",
        lambda: world.database.journal_outcomes(midnight),
        shown=lambda found: sum(found.values()),
    )
    if lines is not None:
        odd = sum(count for (_, outcome), count in lines.items() if outcome != "done")
        notes.figure("journal lines today that do not say done", odd)
    notes.unknown("peaks of CPU and memory today", "nothing here samples them; ask the monitoring")
    _look_at_backups(notes, world, now)
    return notes.result()


def _look_at_backups(notes: Notes, world: World, now: float) -> None:
    if not world.settings.backup_folders:
        notes.unknown("backups", "GUARD_BACKUP_FOLDERS names no folder")
    for folder in world.settings.backup_folders:
        _look_at_folder(notes, world, folder, now)


def _look_at_folder(notes: Notes, world: World, folder: str, now: float) -> None:
    def shown(newest: BackupFile | None) -> Any:
        if newest is None:
            return "empty"
        return {"file": newest.name, "bytes": newest.bytes, "age_seconds": round(now - newest.changed_at)}

    found: list[BackupFile | None] = []

    def look() -> BackupFile | None:
        found.append(world.machine.newest_file(folder))
        return found[0]

    notes.ask(f"newest backup in {folder}", look, shown=shown)
    if not found:
        message = f"nobody can say whether there are backups in {folder}"
        notes.find(Severity.WARNING, "backups unknown", message, subject=folder)
        return
    newest = found[0]
    if newest is None:
        notes.find(Severity.WARNING, "no backup", f"there is no file in {folder}", subject=folder)
    elif newest.bytes == 0:
        notes.find(Severity.WARNING, "empty backup", f"{newest.name} in {folder} is empty", subject=folder)
    elif now - newest.changed_at > _OLD_BACKUP_SECONDS:
        message = f"the newest backup in {folder} is {humanize(now - newest.changed_at)} old"
        notes.find(Severity.WARNING, "old backup", message, subject=folder)
