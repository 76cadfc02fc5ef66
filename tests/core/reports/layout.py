"""The parts of a report as their tests look at them: values in the test, words in tests/core/wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.reports.report import Section, Table
from tests.core.wording import is_worded

if TYPE_CHECKING:
    from guard.core.reports.report import Figure, Series, Value

__all__ = ["is_laid_out", "values_of"]


def values_of(section: Section) -> dict[str, Value]:
    """The values of a section by key."""
    return {figure.key: figure.value for figure in section.figures}


def is_laid_out(name: str, *parts: Section | Table | Series) -> None:
    """Insist on what people read around the values, to the letter: titles, units, sources, reasons.

    Args:
        name: of the file in tests/core/wording.
        parts: of a report.
    """
    for part in parts:
        if isinstance(part, Section):
            keys = ", ".join(figure.key for figure in part.figures)
            is_worded(name, f"section {part.key}", part.title, keys)
            for figure in part.figures:
                _figure(name, figure)
        elif isinstance(part, Table):
            columns = ", ".join(
                f"{one.key}={one.title}" + f" [{one.unit}]" * (one.unit != "") for one in part.columns
            )
            is_worded(name, f"table {part.key}", part.title, columns, f"source={part.source}", part.why)
        else:
            is_worded(
                name, f"series {part.key}", part.title, f"unit={part.unit}", f"source={part.source}", part.why
            )


def _figure(name: str, figure: Figure) -> None:
    why = f"{'nothing' if figure.nothing else 'why'}={figure.why}" if figure.why or figure.nothing else ""
    unit = f"unit={figure.unit}" if figure.unit else ""
    is_worded(name, f"figure {figure.key}", figure.title, unit, f"source={figure.source}", why)
