"""What a person typed into a form: read, judged, and never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.durations import parse_duration
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Typed"]

_LONGEST = 2000
"""Characters of one field that are looked at; no field of ours needs more."""
_KINDRED = {
    "reason": "reason",
    "duration": "duration",
    "grace": "grace",
    "drain_within": "drain_within",
    "at_deadline": "at_deadline",
    "sessions": "sessions",
    "scope": "operations",
    "operation": "operations",
    "queue": "queues",
    "mode": "mode",
    "name": "name",
    "rule": "every",
    "every": "every",
    "zone": "zone",
    "time": "at",
    "at": "at",
    "start": "at",
}
"""By which word a problem begins, and beside which field it is shown."""


class Typed:
    """The fields of one form, with what is wrong with them.

    Args:
        values: what was sent; several values of a name are several choices.
    """

    def __init__(self, values: Mapping[str, Sequence[str]] | None = None) -> None:
        self._values = dict(values or {})
        self.problems: list[tuple[str, str]] = []
        """Field (empty: of the whole form) and sentence."""

    def text(self, name: str, default: str = "") -> str:
        """A field as it was typed."""
        values = self._values.get(name)
        return values[0][:_LONGEST] if values else default

    def all(self, name: str) -> list[str]:
        """All that was chosen or typed under a name; commas and lines part."""
        parts = (piece for value in self._values.get(name, ()) for piece in value[:_LONGEST].split(","))
        return [piece.strip() for piece in parts if piece.strip()]

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.text(name))

    def seconds(self, name: str) -> int | None:
        """A length of time, ``90m`` or seconds; None when the field is empty. A problem is kept."""
        raw = self.text(name).strip()
        if not raw:
            return None
        if raw == "0":
            return 0
        try:
            return parse_duration(raw)
        except InvalidRequest as error:
            self.problems += [(name, f"{problem}") for problem in error.problems]
            return None

    def fill(self, **values: str) -> Typed:
        """Give values to fields that nobody has typed into."""
        for name, value in values.items():
            self._values.setdefault(name, [value])
        return self

    def put(self, name: str, value: str) -> None:
        """Give a field a value, whatever was typed."""
        self._values[name] = [value]

    def blame(self, error: InvalidRequest) -> None:
        """Keep every problem, each beside the field that it names."""
        known = {text for _, text in self.problems}
        for problem in error.problems:
            if problem not in known:
                self.problems.append((_field(problem), problem))

    def say(self, problem: str, field: str = "") -> None:
        """Keep a problem."""
        self.problems.append((field, problem))

    def of(self, field: str) -> list[str]:
        """What is wrong with one field."""
        return [text for name, text in self.problems if name == field]

    def hidden(self, *names: str) -> list[tuple[str, str]]:
        """Names and values, to be sent along by the next step."""
        return [(name, value) for name in names for value in self._values.get(name, ()) if value]


def _field(problem: str) -> str:
    return _KINDRED.get(problem.split(" ", 1)[0].strip(":,'\"").lower(), "")
