"""A small drawing board: boxes, arrows and words, as SVG that is readable on light and on dark ground.

Colours follow what the reader prefers. The ground is drawn too: where a page does not tell the picture that
it is dark, the picture stays a light sheet on it, and readable.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LINE", "Drawing"]

LINE = 17
"""Height of a line of text."""
_OPENING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
    'height="{height}" role="img" aria-labelledby="title told">'
)
_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>'
)
_TONES = {
    # name: ground and edge, light and dark
    "plain": ("#f3f4f6", "#6b7280", "#2f3542", "#9aa4b2"),
    "gate": ("#fde8d7", "#b4540a", "#4a2f18", "#f0a868"),
    "store": ("#dcebfd", "#1d5fb4", "#16314f", "#7fb5f5"),
    "good": ("#dcf3e1", "#1a6b34", "#173d26", "#6fcf8c"),
    "frame": ("none", "#6b7280", "none", "#9aa4b2"),
}


class Drawing:
    """One picture.

    Args:
        title: what it shows, in one line.
        told: the same in words, for whoever does not see it.
    """

    def __init__(self, width: int, height: int, *, title: str, told: str) -> None:
        self._size = width, height
        self._title, self._told = title, told
        self._parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, *lines: str, tone: str = "plain") -> None:
        """A box with lines of text in its middle; the first one is its name."""
        self._parts.append(
            f'<rect class="{tone}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        )
        top = y + height / 2 - LINE * (len(lines) - 1) / 2 + 5
        for number, line in enumerate(lines):
            self.words(x + width / 2, top + number * LINE, line, kind="name" if not number else "small")

    def frame(self, x: float, y: float, width: float, height: float, name: str) -> None:
        """What some boxes have in common."""
        self._parts.append(
            f'<rect class="frame" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'
        )
        self.words(x + 10, y + 18, name, kind="small", anchor="start")

    def words(self, x: float, y: float, text: str, *, kind: str = "small", anchor: str = "middle") -> None:
        """One line of text; `y` is where its letters stand."""
        self._parts.append(
            f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">'
            f"{escape(text, quote=False)}</text>"
        )

    def label(self, x: float, y: float, text: str) -> None:
        """Text on an arrow: it has the ground behind it."""
        width = 6.3 * len(text) + 8
        self._parts.append(
            f'<rect class="ground" x="{x - width / 2:g}" y="{y - 11:g}" width="{width:g}" height="15"/>'
        )
        self.words(x, y, text)

    def arrow(self, *points: tuple[float, float], dashed: bool = False, both: bool = False) -> None:
        """A line through these points with a head at its end."""
        self._parts.append(_line(points, "dashed arrow" if dashed else "arrow", both=both))

    def line(self, *points: tuple[float, float]) -> None:
        """A line without a head."""
        self._parts.append(_line(points, "faint", head=False))

    def text(self) -> str:
        """The file."""
        width, height = self._size
        return "\n".join(
            [
                _OPENING.format(width=width, height=height),
                "<!-- Drawn by `python docs/generate.py`. Do not edit. -->",
                f'<title id="title">{escape(self._title)}</title>',
                f'<desc id="told">{escape(self._told)}</desc>',
                _style(),
                _HEAD,
                f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
                *self._parts,
                "</svg>\n",
            ]
        )


def _line(points: Sequence[tuple[float, float]], kind: str, *, head: bool = True, both: bool = False) -> str:
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
    heads = (' marker-start="url(#head)"' if both else "") + (' marker-end="url(#head)"' if head else "")
    return f'<path class="{kind}" d="{path}"{heads}/>'


def _style() -> str:
    light = "".join(f".{name}{{fill:{fill};stroke:{edge}}}" for name, (fill, edge, _, _) in _TONES.items())
    dark = "".join(f".{name}{{fill:{fill};stroke:{edge}}}" for name, (_, _, fill, edge) in _TONES.items())
    return (
        "<style>"
        "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1c2330}"
        ".name{font-size:14px;font-weight:600}.small{font-size:12px}"
        "rect{stroke-width:1.2}.frame{stroke-dasharray:5 4}"
        ".ground{fill:#fff;stroke:none}.arrow{fill:none;stroke:#4b5563;stroke-width:1.5}"
        ".dashed{stroke-dasharray:5 4}.faint{fill:none;stroke:#9ca3af;stroke-width:1}.head{fill:#4b5563}"
        f"{light}"
        "@media(prefers-color-scheme:dark){"
        "text{fill:#e8ebf1}.ground{fill:#1e2129}.arrow{stroke:#b4bcc8}.head{fill:#b4bcc8}.faint{stroke:#5b6472}"
        f"{dark}"
        "}</style>"
    )
