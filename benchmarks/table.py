"""Results as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.figures import Figure, Result

__all__ = ["as_table"]

_HEADINGS = ("", "guard", "beside", "", "ratio", "target", "")


def as_table(result: Result) -> str:
    """The figures of one benchmark, columns aligned, notes below."""
    rows = [_HEADINGS, *(_row(figure) for figure in result.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    left = (0, 3)
    lines = [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    notes = [f"  {note}" for note in result.notes]
    return "\n".join([result.title, *(f"  {line}" for line in lines), *notes])


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _value(figure),
        "" if figure.beside is None else f"{_number(figure.beside)} {figure.unit}".rstrip(),
        figure.beside_is,
        _ratio(figure),
        "" if figure.target is None else f"{'ratio ' if figure.judged == 'ratio' else ''}{figure.target}",
        figure.verdict,
    )


def _value(figure: Figure) -> str:
    value = f"{_number(figure.value)} {figure.unit}".rstrip()
    if figure.interval is None or figure.ratio is not None:
        return value
    low, high = figure.interval
    return f"{value} ({_number(low)} to {_number(high)})"


def _ratio(figure: Figure) -> str:
    if figure.ratio is None:
        return ""
    low, high = figure.interval or (None, None)
    return f"{figure.ratio:.3f}" + (f" ({low:.3f} to {high:.3f})" if figure.interval else "")


def _number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
