"""What the settings of the routines may be, where that is no range: times, a zone, folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from guard.settings.model import Settings

__all__ = ["AUTOMATION", "TIMES", "automation_problems"]

TIMES = (
    "guard_morning_check",
    "guard_evening_review",
    "guard_weekly_review",
    "guard_weekly_optimization",
    "guard_security_audit",
    "guard_performance_review",
)
_FOLDERS = ("guard_backup_folders", "guard_evidence_logs")
AUTOMATION = frozenset({*TIMES, *_FOLDERS, "guard_time_zone", "guard_journal_days"})
"""Those that are judged here."""
_FEWEST_JOURNAL_DAYS = 30


def automation_problems(settings: Settings) -> list[str]:
    """A sentence for each of them that may not be."""
    # Most processes have none of these in their environment; the defaults are right.
    defaults = type(settings)
    changed = {name for name in AUTOMATION if getattr(settings, name) != getattr(defaults, name)}
    if not changed:
        return []
    problems = [problem for name in TIMES if name in changed for problem in _time(name, settings)]
    if "guard_time_zone" in changed:
        problems += _zone(settings.guard_time_zone)
    relative = [path for path in settings.backup_folders if not path.startswith("/")]
    if relative:
        problems.append(f"GUARD_BACKUP_FOLDERS names {relative[0][:80]!r}: give absolute paths")
    relative = [path for path in settings.evidence_logs if not path.startswith("/")]
    if relative:
        problems.append(f"GUARD_EVIDENCE_LOGS names {relative[0][:80]!r}: give absolute paths")
    if 0 < settings.guard_journal_days < _FEWEST_JOURNAL_DAYS:
        problems.append(f"GUARD_JOURNAL_DAYS is too few: use 0 (for good) or {_FEWEST_JOURNAL_DAYS} and more")
    return problems


def _time(name: str, settings: Settings) -> list[str]:
    from guard.core.appointments import parse_when

    try:
        parse_when(getattr(settings, name))
    except InvalidRequest as error:
        return [f"{name.upper()}: {error}"]
    return []


def _zone(name: str) -> list[str]:
    from guard.core.zones import zone_of

    try:
        zone_of(name)
    except InvalidRequest as error:
        return [f"GUARD_TIME_ZONE: {error}"]
    return []
