"""How things look on a terminal: aligned rows, untrusted text made harmless, colour as an extra only.

Unknown is written "unknown", never 0 and never left out.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from guard.core.durations import humanize

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Screen", "counted", "known", "moment", "print_json", "safe", "short_time"]

_LABEL_WIDTH = 14
_TONES: dict[str, dict[str, Any]] = {
    "good": {"fg": "green"},
    "warn": {"fg": "yellow"},
    "bad": {"fg": "red", "bold": True},
    "head": {"bold": True},
    "quiet": {"dim": True},
}
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Screen:
    """A block of text: a heading, rows of label and value, notes."""

    def __init__(self, ctx: click.Context) -> None:
        terminal = sys.stdout.isatty()
        wanted = not getattr(ctx.obj, "no_color", False) and not os.environ.get("NO_COLOR")
        self._colour = wanted and terminal and os.environ.get("TERM") != "dumb"
        self._width = max(40, shutil.get_terminal_size().columns) if terminal else sys.maxsize
        self._lines: list[str] = []

    def head(self, text: str, tone: str = "head") -> None:
        """The first line: what is the case."""
        self._add("", text, tone)

    def row(self, label: str, value: str, tone: str = "") -> None:
        """A label and its value."""
        self._add(f"  {label:<{_LABEL_WIDTH}}", value, tone)

    def more(self, values: Iterable[str]) -> None:
        """Lines that belong to the row above."""
        for value in values:
            self._add(" " * (_LABEL_WIDTH + 2), value, "")

    def note(self, text: str, tone: str = "warn") -> None:
        """A line that asks for attention, whether there is colour or not."""
        self._add("  ! ", text, tone)

    def line(self, text: str = "", tone: str = "") -> None:
        """A line as it is."""
        self._lines.append(self._paint(safe(text), tone))

    def table(self, titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Columns as wide as their longest value."""
        cells = [titles, *(tuple(safe(cell) for cell in row) for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
        for number, row in enumerate(cells):
            text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self._lines.append(f"  {self._paint(text, 'head' if number == 0 else '')}")

    @property
    def lines(self) -> list[str]:
        """All of it, ready to be written."""
        return list(self._lines)

    def show(self) -> None:
        """Print it."""
        click.echo("\n".join(self._lines), color=self._colour)

    def _add(self, before: str, text: str, tone: str) -> None:
        """On a terminal long text goes on below its own beginning; in a file it stays on one line."""
        pieces = textwrap.wrap(safe(text), self._width - len(before))
        for number, piece in enumerate(pieces or [""]):
            start = before if number == 0 else " " * len(before)
            self._lines.append(f"{start}{self._paint(piece, tone)}".rstrip())

    def _paint(self, text: str, tone: str) -> str:
        return click.style(text, **_TONES[tone]) if self._colour and tone else text


def safe(text: str) -> str:
    """The text without anything that moves a cursor, breaks a line or turns the direction of writing."""
    return "".join(f"\\u{ord(char):04x}" if unicodedata.category(char) in _HARMFUL else char for char in text)


def known(value: object) -> str:
    """A value, or "unknown"."""
    return "unknown" if value is None else str(value)


def counted(number: int | None, noun: str, nouns: str = "") -> str:
    """``1 job``, ``3 jobs``, ``unknown``."""
    if number is None:
        return "unknown"
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"


def moment(seconds: float) -> str:
    """UTC seconds as a time of day with its date."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def short_time(seconds: float) -> str:
    """``12 ms``, ``5.6 s``, ``3 minutes``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else humanize(seconds)


def print_json(value: object, *, compact: bool = False) -> None:
    """One JSON document on standard output. What is not ASCII is escaped, so it is safe on any terminal."""
    click.echo(json.dumps(value, indent=None if compact else 2))
