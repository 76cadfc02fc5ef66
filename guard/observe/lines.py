"""Log lines: one for each named event that matters enough. The wording is in `guard.observe.wording`."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING

from guard.core.event_levels import LEVELS
from guard.core.named_events import EventName
from guard.observe.wording import escape, text_of

if TYPE_CHECKING:
    from guard.core.named_events import NamedEvent

__all__ = ["EVENT_ATTRIBUTE", "LogLines", "escape", "masked"]

log = logging.getLogger("guard.maintenance")

EVENT_ATTRIBUTE = "guard_event"
"""The attribute of a log record that holds its event: for formatters that write more than the text."""


class LogLines:
    """Subscribes to all events of an app.

    Args:
        rehearsed: the level at which test mode says what it would have done, as `logging` names it.
    """

    def __init__(self, *, rehearsed: str = "DEBUG") -> None:
        self._levels = dict(LEVELS)
        self._levels[EventName.JOB_REHEARSED] = logging.getLevelNamesMapping()[rehearsed]

    def __call__(self, event: NamedEvent) -> None:
        """Write the line, if anybody wants lines of its level."""
        level = self._levels[event.name]
        if log.isEnabledFor(level):
            log.log(level, "%s", text_of(event), extra={EVENT_ATTRIBUTE: event})


def masked(secret: str) -> str:
    """A name for a session id: the same for the same id, so that lines can be brought together."""
    return f"sha256:{sha256(secret.encode('utf-8', 'replace')).hexdigest()[:12]}"
