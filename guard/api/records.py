"""`Guard.records`: what is kept of windows, of what was done, and of what a person should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from guard.core.history import ANY, Wanted
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from guard.api.parts import Parts
    from guard.core.alerts import Alert
    from guard.core.history import JournalLine, WindowRecord

__all__ = ["JournalReader", "Records"]

_MOST = 1000


class JournalReader(Protocol):
    """Who reads the journal."""

    def lines(self, limit: int, *, before: int | None = None, wanted: Wanted = ANY) -> list[JournalLine]:
        """Lines, newest first. Raises StoreUnavailable."""


class Records:
    """The records of an app. Every call raises StoreUnavailable when the durable store did not answer, and
    InvalidRequest when `limit` is not 1 to 1000."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def windows(self, limit: int = 50) -> list[WindowRecord]:
        """The last windows, newest first."""
        return self._parts.stores.durable.windows(_checked(limit))

    def window(self, window_id: str) -> WindowRecord | None:
        """One window; None when there is none of this id."""
        return self._parts.stores.durable.window(window_id)

    def journal(
        self,
        limit: int = 50,
        *,
        before: int | None = None,
        action: str | None = None,
        actor: str | None = None,
        since: float | None = None,
        until: float | None = None,
        window: str | None = None,
    ) -> list[JournalLine]:
        """Who did what, newest first.

        Args:
            before: only lines with a smaller number than this one: for the next page.
            action: only lines of this action, such as ``enable``.
            actor: only lines of this name, exactly.
            since, until: only lines from this moment on, and before this one; UTC seconds.
            window: only lines that name this window, or were written while it was open.
        """
        wanted = Wanted(action=action, actor=actor, since=since, until=until, window=window)
        return self._parts.stores.journal.lines(_checked(limit), before=before, wanted=wanted)

    def alerts(self, limit: int = 50) -> list[Alert]:
        """What a person should know, newest first."""
        return self._parts.stores.alerts.recent(_checked(limit))


def _checked(limit: int) -> int:
    if not 1 <= limit <= _MOST:
        raise InvalidRequest(f"limit {limit} is out of range: from 1 to {_MOST}")
    return limit
