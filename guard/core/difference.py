"""A difference between what a window found and what is the case: one thing, and what undoes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

__all__ = ["Consume", "Difference", "Kind", "StopConsuming", "Undo", "WriteRow"]


class Kind(StrEnum):
    """What a difference is about."""

    ROW = "configuration row"
    CONSUMER = "consumer"
    PLAN = "planned window"
    BEAT = "beat entry"
    SETTING = "setting"
    SESSIONS = "sessions"
    JOBS = "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRow:
    """Write a row of the configuration table that is there; None is NULL."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consume:
    """Let a worker take from a queue again."""

    agent_id: str
    node: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopConsuming:
    """Let a worker take from a queue no more."""

    agent_id: str
    node: str
    queue: str


Undo: TypeAlias = WriteRow | Consume | StopConsuming


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as the window found it.

    Attributes:
        what: its name, for people.
        was, now: None: it was, or is, not there.
        how: how it is undone; or why it cannot be from here, and what to do.
        undo: what a rollback does; None when it cannot be undone from here.
    """

    kind: Kind
    what: str
    was: str | None
    now: str | None
    how: str
    undo: Undo | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "kind": self.kind.value,
            "what": self.what,
            "was": self.was,
            "is": self.now,
            "can_be_undone": self.undo is not None,
            "how": self.how,
        }
