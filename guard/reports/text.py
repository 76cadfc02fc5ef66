"""A report as text: for a terminal, a mail, a ticket. Lines as wide as asked, whatever is in them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from guard.core.reports.wording import clock_time, figure_words, harmless, value_words
from guard.reports.plots import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.reports.kept import Kept
    from guard.core.reports.report import Report, Section, Table

__all__ = ["lines_of", "text_of"]

_NARROWEST, _WIDEST_CELL = 60, 40
_TONES = {"critical": "bad", "warning": "warn", "info": ""}


def text_of(kept: Kept, *, width: int = 100) -> str:
    """All of it, with a line break at its end."""
    return "".join(f"{line}\n" for line, _ in lines_of(kept, width=width))


def lines_of(kept: Kept, *, width: int = 100) -> Iterator[tuple[str, str]]:
    """The lines, each with its tone: ``head``, ``bad``, ``warn``, ``quiet`` or empty.

    Args:
        width: characters of a line, 60 or more; a table may be wider, since its cells are not broken.
    """
    report = kept.report
    width = max(_NARROWEST, width)
    yield from _wrapped(kept.title, width, "", "head")
    yield from _wrapped(kept.summary, width, "  ", "")
    if report is None:
        return
    zone = report.period.zone
    when = f"{clock_time(report.period.start, zone)} to {clock_time(report.period.end, zone)}"
    yield f"  {when}", "quiet"
    made = f"made {clock_time(kept.made_at, zone)} by {kept.made_by}, id {kept.report_id}"
    yield from _wrapped(made, width, "  ", "quiet")
    for concern in report.concerns:
        yield from _wrapped(
            f"{concern.severity}: {concern.text}", width, "  ! ", _TONES.get(concern.severity, "")
        )
    yield from _notes(kept, width, zone)
    for section in report.sections:
        yield from _section(section, width, zone)
    for series in report.series:
        yield "", ""
        yield harmless(series.title), "head"
        yield from _wrapped(in_words(series), width, "  ", "")
    for table in report.tables:
        yield from _table(table, zone)
    yield from _timeline(report, width, zone)


def _notes(kept: Kept, width: int, zone: str) -> Iterator[tuple[str, str]]:
    if kept.notes:
        yield "", ""
        yield "Notes", "head"
    for note in kept.notes:
        yield from _wrapped(f"{clock_time(note.at, zone)}, {note.by}:", width, "  ", "quiet")
        for line in note.text.splitlines():
            yield from _wrapped(line, width, "    ", "")


def _section(section: Section, width: int, zone: str) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield section.title, "head"
    label = min(64, max((len(harmless(one.title)) for one in section.figures), default=0))
    for one in section.figures:
        start = f"  {harmless(one.title):<{label}}  "
        tone = "quiet" if one.nothing else "bad" if one.value is None else ""
        words = textwrap.wrap(figure_words(one, zone), max(20, width - len(start))) or [""]
        yield f"{start}{words[0]}", tone
        for more in words[1:]:
            yield f"{' ' * len(start)}{more}", tone


def _table(table: Table, zone: str) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield harmless(table.title), "head"
    if not table.rows:
        yield (f"  unknown: {harmless(table.why)}", "bad") if table.why else ("  none", "")
        return
    rows = [[harmless(column.title) for column in table.columns]]
    for values in table.rows:
        rows.append(  # noqa: PERF401 - two loops in one expression are hard to read
            [
                _cut(value_words(value, column.unit, zone))
                for value, column in zip(values, table.columns, strict=True)
            ]
        )
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.columns))]
    for number, row in enumerate(rows):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {cells.rstrip()}", "head" if number == 0 else ""
    if table.left_out:
        yield f"  {table.left_out} more", "quiet"


def _timeline(report: Report, width: int, zone: str) -> Iterator[tuple[str, str]]:
    if not report.timeline:
        return
    yield "", ""
    yield "Timeline", "head"
    for one in report.timeline:
        who = f" by {one.who}" if one.who else ""
        detail = f": {one.detail}" if one.detail else ""
        start = f"  {clock_time(one.at, zone)}  "
        pieces = textwrap.wrap(harmless(f"{one.what}{who}{detail}"), max(30, width - len(start))) or [""]
        yield f"{start}{pieces[0]}", ""
        for more in pieces[1:]:
            yield f"{' ' * len(start)}{more}", ""
    if report.moments_left_out:
        yield f"  {report.moments_left_out} lines in the middle are left out", "quiet"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST_CELL else f"{text[: _WIDEST_CELL - 1]}…"


def _wrapped(text: str, width: int, before: str, tone: str) -> Iterator[tuple[str, str]]:
    pieces = textwrap.wrap(harmless(text), max(20, width - len(before))) or [""]
    for number, piece in enumerate(pieces):
        yield f"{before if number == 0 else ' ' * len(before)}{piece}", tone
