"""Write the table of docs/events.md from the catalogue: `python docs/event_table.py`, or `--check` for CI."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from guard.core.event_catalogue import CATALOGUE
from guard.core.event_levels import LEVELS
from guard.core.named_events import EventName

PAGE = Path(__file__).parent / "events.md"
BEGIN = "<!-- Written by `python docs/event_table.py` from guard/core/event_catalogue.py. Do not edit. -->"
END = "<!-- end -->"


def table() -> str:
    """One row for each event."""
    rows = ["| event | level | announced by | what | fields |", "|---|---|---|---|---|"]
    for name in EventName:
        kind = CATALOGUE[name]
        fields = "<br>".join(
            f"`{field.name}` {field.type.value}{' or null' if field.optional else ''}: {field.meaning}"
            for field in kind.fields
        )
        level = logging.getLevelName(LEVELS[name])
        rows.append(
            f"| `{name.value}` | {level} | {kind.where.value} | {kind.meaning} | {fields or '—'} |"
        )
    return "\n".join(rows)


def whole(text: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main() -> int:
    """Write the page, or check it; 1 when it is stale."""
    text = PAGE.read_text("utf-8")
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(whole(text), "utf-8")
        return 0
    if whole(text) == text:
        return 0
    sys.stderr.write(f"{PAGE} is stale: run `python docs/event_table.py`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
