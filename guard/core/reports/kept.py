"""A report as it is kept: with its id, who made it and when, and what people have noted on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from guard.core.reports.report import Kind, Report

__all__ = ["LONGEST_NOTE", "Kept", "Note", "checked_note"]

LONGEST_NOTE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody has noted. Notes are added, never changed."""

    at: float
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report that is kept. Times are UTC seconds.

    Attributes:
        report: what is in it; None in a list, where it is not read.
        notes: oldest first; none in a list.
    """

    report_id: str
    kind: Kind
    subject: str
    starts_at: float
    ends_at: float
    title: str
    summary: str
    made_at: float
    made_by: str
    report: Report | None = None
    notes: tuple[Note, ...] = ()

    def head(self) -> dict[str, Any]:
        """What a list shows of it, as plain JSON types."""
        return {
            "id": self.report_id,
            "kind": self.kind.value,
            "subject": self.subject,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "title": self.title,
            "summary": self.summary,
            "made_at": self.made_at,
            "made_by": self.made_by,
        }

    def to_dict(self) -> dict[str, Any]:
        """All of it, as plain JSON types."""
        return {
            **self.head(),
            "notes": [asdict(note) for note in self.notes],
            "report": self.report.to_dict() if self.report is not None else None,
        }


def checked_note(text: str) -> str:
    """A note without white space around it.

    Raises:
        InvalidRequest: it is empty, longer than 10,000 characters, or has characters that no text has.
    """
    stripped = text.strip()
    if not stripped:
        raise InvalidRequest("the note is empty: say what there is to be said")
    if len(stripped) > LONGEST_NOTE:
        raise InvalidRequest(f"the note has {len(stripped)} characters: {LONGEST_NOTE} at most")
    if any(ord(char) < 32 and char not in "\n\t" for char in stripped):
        raise InvalidRequest("the note has control characters: only line breaks and tabs may be in it")
    return stripped
