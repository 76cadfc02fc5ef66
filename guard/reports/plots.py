"""Plots as SVG, drawn by leather. Extra `reports`.

leather writes colours as attributes, which any style sheet overrules: the page's own gives them, for light
and for dark. Each drawing has a title and says its values in words; the page has them as a table besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from guard.core.reports.wording import UNKNOWN, harmless

if TYPE_CHECKING:
    from guard.core.reports.report import Series

__all__ = ["drawn", "in_words"]

_WIDTH, _HEIGHT = 760, 240
_MOST_LABELS = 12
_MOST_SAID = 12
_LONGEST_LABEL = 16
_MOST_POINTS = 80


def drawn(series: Series) -> Markup | None:
    """A drawing of columns; None when there is nothing to draw, or leather is not installed."""
    points = [(label, value) for label, value in series.points[:_MOST_POINTS] if value is not None]
    if not points:
        return None
    try:
        import leather
    except ModuleNotFoundError:
        return None
    # Two labels that are cut alike would be one column.
    names = [f"{label[:_LONGEST_LABEL]}" for label, _ in points]
    if len(set(names)) < len(names):
        names = [f"{number + 1}" for number in range(len(points))]
    chart = leather.Chart()
    top = max(value for _, value in points)
    chart.add_y_scale(min(0.0, *(value for _, value in points)), top or 1)
    chart.add_x_axis(ticks=names[:: max(1, -(-len(names) // _MOST_LABELS))])
    chart.add_columns([(name, value) for name, (_, value) in zip(names, points, strict=True)])
    body = chart.to_svg(width=_WIDTH, height=_HEIGHT)
    inner = body[body.index(">", body.index("<svg")) + 1 :]
    name = escape(harmless(series.title))
    return Markup(  # noqa: S704 - leather escapes its labels, ours are escaped here
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-labelledby="plot-{escape(series.key)}-title plot-{escape(series.key)}-desc" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="plot-{escape(series.key)}-title">{name}</title>'
        f'<desc id="plot-{escape(series.key)}-desc">{escape(in_words(series))}</desc>{inner}'
    )


def in_words(series: Series) -> str:
    """``refused: 3 values, highest 12 (Tue 17), lowest 0 (Mon 16)``: what somebody hears who sees no plot."""
    if not series.points:
        return f"{UNKNOWN}: {harmless(series.why)}" if series.why else "nothing"
    known = [(label, value) for label, value in series.points if value is not None]
    unknown = len(series.points) - len(known)
    if len(series.points) <= _MOST_SAID:
        said = ", ".join(
            f"{harmless(label)} {value:g}" if value is not None else f"{harmless(label)} {UNKNOWN}"
            for label, value in series.points
        )
        return f"{series.unit}: {said}"
    if not known:
        return f"{len(series.points)} values, all {UNKNOWN}"
    high, low = max(known, key=lambda one: one[1]), min(known, key=lambda one: one[1])
    gaps = f", {unknown} {UNKNOWN}" if unknown else ""
    return (
        f"{series.unit}: {len(series.points)} values, highest {high[1]:g} ({harmless(high[0])}),"
        f" lowest {low[1]:g} ({harmless(low[0])}){gaps}"
    )
