"""What a run deletes: old keys, expired sessions, old files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.optimization_report import Doing
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.automation.parts import OptimizationParts
    from guard.core.optimization_report import FolderReport, KeyReport

__all__ = ["Cleaned", "clean_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was cleaned up."""

    keys: tuple[KeyReport, ...]
    sessions: Mapping[str, Any] | None
    folders: tuple[FolderReport, ...]
    problems: tuple[str, ...]


def clean_up(
    parts: OptimizationParts,
    *,
    dry_run: bool,
    stop: Callable[[], str],
    until: float,
    seen: Callable[[Doing], None],
) -> Cleaned:
    """Clean up by every rule of the settings. Never raises for a store or a file system.

    Args:
        stop: why nothing more may be begun; empty: go on.
        until: boot time at which to end.
    """
    problems: list[str] = []

    def on() -> bool:
        return parts.clock.boot() < until

    def begin(stage: str) -> bool:
        why = stop() or ("" if on() else "the time of the window was over")
        if why:
            problems.append(f"{stage}: not begun: {why}")
        else:
            seen(Doing(stage=stage))
        return not why

    settings = parts.settings
    keys = [
        parts.clean_keys(rule, dry_run, on)
        for rule in settings.cleanup_keys
        if begin(f"cleaning keys {rule.pattern}")
    ]
    sessions = None
    if parts.sweep_sessions is not None and begin("sweeping sessions"):
        try:
            sessions = parts.sweep_sessions(dry_run)
        except GuardError as error:
            problems.append(f"sweeping sessions: {error}")
    folders = [
        parts.clean_folder(rule, dry_run, on)
        for rule in settings.cleanup_folders
        if begin(f"cleaning {rule.folder}")
    ]
    return Cleaned(
        keys=tuple(keys), sessions=sessions, folders=tuple(folders), problems=tuple(dict.fromkeys(problems))
    )
