"""What is kept of windows and of what was done to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANY", "AuditRecord", "JournalLine", "Wanted", "WindowRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One line of the journal. `detail` holds plain JSON types."""

    at: float
    actor: str
    action: str
    epoch: int
    outcome: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """A line as the journal keeps it, with its number: later lines have greater ones."""

    seq: int
    record: AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines of the journal; None: all. `since` and `until` are UTC seconds."""

    action: str | None = None
    actor: str | None = None
    since: float | None = None
    until: float | None = None
    window: str | None = None


ANY = Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord:
    """One window as history keeps it: mode, reason and duration (seconds) as they were last, times in UTC
    seconds. What they were before, the journal tells.
    """

    window_id: str
    mode: str
    reason: str
    by: str
    started_at: float
    duration: int | None
    ended_at: float | None = None
    ended_by: str = ""
    account: Mapping[str, int] = field(default_factory=dict)
