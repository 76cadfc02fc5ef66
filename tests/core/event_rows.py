"""The rows of docs/events.md, read back: what people were told of each event, its level and its fields.

The page is written from the catalogue (docs/event_table.py), and this reads it by itself. So whoever changes
an event reads the difference in the page as its readers will.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from guard.core.event_kinds import EventKind, Field, Type, Where
from guard.core.named_events import EventName

__all__ = ["documented", "level_of"]

_PAGE = Path(__file__).parents[2] / "docs" / "events.md"
_ROW = re.compile(r"\| `(?P<name>[a-z_.]+)` \| (\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
_FIELD = re.compile(r"`(\w+)` (text|integer|number|yes or no|list of texts)( or null)?: (.+)")


def documented(*prefixes: str) -> dict[EventName, EventKind]:
    """The events whose names begin so, as the page has them."""
    return {
        EventName(name): EventKind(meaning=meaning, where=Where(where), fields=_fields(fields))
        for name, (_, where, meaning, fields) in _rows().items()
        if name.startswith(prefixes)
    }


def level_of(name: EventName) -> str:
    """The level of an event, as the page has it: ``DEBUG``."""
    return _rows()[name.value][0]


@cache
def _rows() -> dict[str, tuple[str, ...]]:
    lines = _PAGE.read_text(encoding="utf-8").splitlines()
    rows = {row["name"]: row.groups()[1:] for line in lines if (row := _ROW.fullmatch(line))}
    assert len(rows) == len(EventName)
    return rows


def _fields(cell: str) -> tuple[Field, ...]:
    if cell == "—":
        return ()
    parts = [_FIELD.fullmatch(part) for part in cell.split("<br>")]
    return tuple(Field(part[1], Type(part[2]), part[4], bool(part[3])) for part in parts if part)
