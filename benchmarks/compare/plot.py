"""Starts over time around the pause, one line for each contestant, as SVG. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["drawn"]

_LEFT, _WIDTH, _RIGHT, _TOP, _ROW = 130, 760, 20, 56, 34
_BEFORE, _AFTER, _LONGEST = 1.0, 2.5, 14.0
"""Seconds: shown before the call, after the last resume, and at most in all."""
_STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "fill:#1c2330;font-size:12px}"
    ".title{font-size:14px;font-weight:600}.ground{fill:#fff}.calling{fill:#fde8d7}.paused{fill:#dcf3e1}"
    ".start{stroke:#4b5563;stroke-width:1;fill:none}.late{stroke:#b91c1c;stroke-width:1.6;fill:none}"
    ".axis{stroke:#9ca3af;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#e8ebf1}.ground{fill:#1e2129}"
    ".calling{fill:#4a2f18}.paused{fill:#173d26}"
    ".start{stroke:#b4bcc8}.late{stroke:#f87171}.axis{stroke:#5b6472}}"
)


def drawn(rounds: Sequence[dict[str, Any]]) -> str:
    """The first calm round of each contestant, as `Played.to_dict` has it."""
    shown: dict[str, dict[str, Any]] = {}
    for each in rounds:
        if each["round"] == "calm" and each["returned"] is not None:
            shown.setdefault(each["contestant"], each)
    longest = min(max((each["resumed"] + _AFTER for each in shown.values()), default=1.0), _LONGEST)
    height = _TOP + _ROW * len(shown) + 34

    def x(moment: float) -> float:
        moment = min(max(moment, -_BEFORE), longest)
        return round(_LEFT + (moment + _BEFORE) / (longest + _BEFORE) * _WIDTH, 1)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + _RIGHT} {height}"'
            ' role="img" aria-labelledby="title told">'
        ),
        "<!-- Drawn by benchmarks/compare. Do not edit. -->",
        '<title id="title">Starts of jobs around a pause</title>',
        f'<desc id="told">{escape(_in_words(shown))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="100%" height="{height}" rx="8"/>',
        f'<text class="title" x="{_LEFT}" y="22">Each stroke is a job that starts</text>',
        (
            f'<text x="{_LEFT}" y="40">orange: the call; green: paused, until the call that resumes; '
            "tall and red: started although the call had returned</text>"
        ),
    ]
    for number, (name, each) in enumerate(shown.items()):
        parts += _row(name, each, _TOP + number * _ROW, x, longest)
    bottom = _TOP + _ROW * len(shown) + 6
    parts.append(f'<path class="axis" d="M{_LEFT} {bottom}h{_WIDTH}"/>')
    parts += [
        f'<text x="{x(second)}" y="{bottom + 18}" text-anchor="middle">{second} s</text>'
        for second in range(int(longest) + 1)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(name: str, each: dict[str, Any], top: float, x: Any, longest: float) -> list[str]:
    returned, resumed = each["returned"], each["resumed"]
    shown = [start for start in each["starts"] if -_BEFORE <= start <= longest]
    on_time = sorted({x(start) for start in shown if not returned < start < resumed})
    late = sorted({x(start) for start in shown if returned < start < resumed})
    bars = [
        f'<text x="{_LEFT - 10}" y="{top + 18}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="calling" x="{x(0)}" y="{top}" width="{round(x(returned) - x(0), 1)}" height="26"/>',
        (
            f'<rect class="paused" x="{x(returned)}" y="{top}"'
            f' width="{round(x(resumed) - x(returned), 1)}" height="26"/>'
        ),
    ]
    if on_time:
        bars.append(f'<path class="start" d="{"".join(f"M{at:g} {top + 8}v10" for at in on_time)}"/>')
    if late:
        bars.append(f'<path class="late" d="{"".join(f"M{at:g} {top + 2}v22" for at in late)}"/>')
    return bars


def _in_words(shown: dict[str, dict[str, Any]]) -> str:
    said = []
    for name, each in shown.items():
        late = sum(each["returned"] < start < each["resumed"] for start in each["starts"])
        said.append(f"{name}: {late} jobs started in the pause")
    return "; ".join(said) + "."
