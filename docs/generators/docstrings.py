"""Docstrings as Markdown: text, code, and the sections that this project writes (Args, Returns, Raises …)."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import TYPE_CHECKING

from generators.markdown import code, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["described"]

_SECTION = re.compile(r"^(Args|Returns|Raises|Attributes|Yields):$")
_WORDS = {"Args": "Takes", "Returns": "Gives", "Yields": "Gives", "Raises": "Raises", "Attributes": "Has"}
_ITEM = re.compile(r"^(?P<names>[\w*]+(?:, [\w*]+)*): (?P<text>.*)$", re.DOTALL)


def described(doc: str | None) -> Iterator[str]:
    """Its blocks."""
    lines = inspect.cleandoc(doc or "").split("\n")
    section, kept = "", list[str]()
    for line in [*lines, "End:"]:
        begins = _SECTION.match(line)
        if not begins and line != "End:":
            kept.append(line)
            continue
        yield from _items(section, kept) if section else _text(kept)
        section, kept = begins[1] if begins else "", []


def _text(lines: list[str]) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", "\n".join(lines).strip()):
        if not block.strip():
            continue
        if all(line.startswith("    ") for line in block.split("\n")):
            yield f"```python\n{textwrap.dedent(block)}\n```"
        elif block.startswith("- "):
            yield prose(block)
        else:
            yield prose(" ".join(block.split()))


def _items(section: str, lines: list[str]) -> Iterator[str]:
    """One line each: an item begins where the indentation is the least."""
    text = textwrap.dedent("\n".join(lines)).strip()
    items = [" ".join(item.split()) for item in re.split(r"\n(?=\S)", text)]
    yield f"**{_WORDS[section]}**"
    yield "\n".join(f"- {_item(item)}" for item in items)


def _item(text: str) -> str:
    found = _ITEM.match(text)
    if found is None:
        return prose(text)
    names = ", ".join(code(name) for name in found["names"].split(", "))
    return f"{names}: {prose(found['text'])}"
