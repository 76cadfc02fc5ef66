"""Words of Markdown that several pages need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["anchor", "cell", "code", "page", "prose", "table"]

_DOUBLE = re.compile(r"``(.+?)``", re.DOTALL)
_CODE = re.compile(r"(`[^`]+`)")
_TAG = re.compile(r"<(?=[a-zA-Z/])")


def page(title: str, sources: str, *blocks: str) -> str:
    """A whole page: its title, where it comes from, and its blocks with an empty line between."""
    made = f"<!-- Written by `python docs/generate.py` from {sources}. Do not edit. -->"
    return "\n\n".join([f"# {title}", made, *(block for block in blocks if block)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing without rows. Cells are one line each."""
    body = ["| " + " | ".join(row) + " |" for row in rows]
    if not body:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body])


def cell(text: str) -> str:
    """Prose in a cell."""
    return prose(" ".join(text.split())).replace("|", "\\|")


def code(text: str) -> str:
    """Code in a line or a cell; nothing for nothing."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def prose(text: str) -> str:
    """What a docstring says, as Markdown: code has one backtick, and an angle bracket is no tag."""
    parts = _CODE.split(_DOUBLE.sub(r"`\1`", text))  # what is at odd places is code
    return "".join(part if number % 2 else _TAG.sub("&lt;", part) for number, part in enumerate(parts))


def anchor(heading: str) -> str:
    """The anchor of a heading, as repository hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
