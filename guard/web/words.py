"""What people read: names of operations, and sentences about a window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.core.durations import humanize
from guard.core.operations import Operation

if TYPE_CHECKING:
    from guard.core.operations import OperationKind

__all__ = ["MODE_NAMES", "icon_of", "iso", "label_of", "title_of", "until"]

MODE_NAMES = {
    "normal": "System Maintenance",
    "emergency": "Emergency Maintenance",
    "test": "Test Maintenance",
}
_LABELS: dict[str, str] = {
    Operation.USER_DATA_MODIFICATION: "Changes of profile and settings",
    Operation.READ_OPERATIONS: "Reading and browsing",
    Operation.ADMIN_OPERATIONS: "Administration",
    Operation.AUTHENTICATION: "Sign-in page",
    Operation.UNKNOWN: "Everything else that changes data",
}
_TITLES: dict[str, str] = {
    Operation.USER_DATA_MODIFICATION: "Profile Updates Unavailable",
    Operation.READ_OPERATIONS: "Content Unavailable",
    Operation.AUTHENTICATION: "Sign-in Unavailable",
    Operation.UNKNOWN: "Service Temporarily Unavailable",
}


def label_of(kind: OperationKind) -> str:
    """An operation as users call it."""
    return _LABELS.get(kind.name) or kind.name.replace("_", " ").capitalize()


def title_of(kind: OperationKind) -> str:
    """The headline of a refusal."""
    return _TITLES.get(kind.name) or f"{kind.name.replace('_', ' ').title()} Unavailable"


def icon_of(mode: str | None) -> str:
    """The sign of a mode."""
    return "🚨" if mode == "emergency" else "🧪" if mode == "test" else "🔧"


def iso(moment: float | None) -> str | None:
    """UTC seconds as ISO 8601, whole seconds."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def until(planned_end: float | None, now: float) -> str:
    """Until when, as half a sentence."""
    if planned_end is None:
        return "not known yet"
    if planned_end <= now:
        return "it takes longer than planned"
    left = planned_end - now
    left = left if left < 60 else round(left / 60) * 60
    clock = datetime.fromtimestamp(planned_end, UTC).strftime("%H:%M UTC")
    return f"{clock}, in about {humanize(left)}"
