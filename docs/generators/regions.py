"""Parts of pages that people write: what is between `<!-- name -->` and `<!-- end of name -->` is made."""

from __future__ import annotations

from pathlib import Path

from generators.acknowledging import acknowledging_table
from generators.layers import layers_table

__all__ = ["architecture"]

_DOCS = Path(__file__).parents[1]


def architecture() -> str:
    """docs/architecture.md."""
    return _filled("architecture.md", steps=acknowledging_table(), layers=layers_table())


def _filled(name: str, **made: str) -> str:
    text = (_DOCS / name).read_text("utf-8")
    for region, content in made.items():
        begin, end = f"<!-- {region} -->", f"<!-- end of {region} -->"
        before, found, rest = text.partition(begin)
        _, ends, after = rest.partition(end)
        if not (found and ends):
            raise LookupError(f"docs/{name} has no place for {region}")
        text = f"{before}{begin}\n\n{content}\n\n{end}{after}"
    return text
