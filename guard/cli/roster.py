"""When the registry of workers does not answer, what it would have said is unknown, not empty.

`Window` and `Status` say so in a warning only; here their numbers are made unknown as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.orchestrator.status import Status
    from guard.orchestrator.window import Window

__all__ = ["roster_answered", "status_dict", "window_dict"]

_SILENT = "the registry of workers does not answer"


def roster_answered(warnings: tuple[str, ...]) -> bool:
    """Whether the registry of workers answered when these warnings were gathered."""
    return not any(warning.startswith(_SILENT) for warning in warnings)


def window_dict(window: Window) -> dict[str, Any]:
    """The window as plain JSON types."""
    values = window.to_dict()
    if not roster_answered(window.warnings):
        values.update(acknowledged=None, unconfirmed=None, producers=None, running=None)
    return values


def status_dict(seen: Status) -> dict[str, Any]:
    """The status as plain JSON types."""
    values = seen.to_dict()
    if not roster_answered(seen.warnings):
        values["workers"].update(live=None, acknowledged=None, unconfirmed=None)
    return values
