"""Names for colours, by distance in Oklab.

In RGB, equal steps are not equally visible: the nearest named colour of a dark olive is often a brown or a
grey. Oklab (Björn Ottosson, 2020, https://bottosson.github.io/posts/oklab/) is made so that distances follow
the eye, and costs two small matrices.
"""

from __future__ import annotations

from functools import lru_cache
from math import hypot
from typing import Final

Rgb = tuple[int, int, int]
"""Red, green, blue in sRGB, 0 to 255 each."""

NAMED: Final[dict[str, Rgb]] = {
    "black": (0, 0, 0),
    "dark grey": (70, 70, 70),
    "grey": (128, 128, 128),
    "light grey": (200, 200, 200),
    "white": (255, 255, 255),
    "dark red": (120, 15, 20),
    "red": (215, 30, 35),
    "pink": (245, 165, 185),
    "dark brown": (75, 45, 25),
    "brown": (140, 90, 50),
    "beige": (225, 205, 170),
    "orange": (245, 140, 30),
    "yellow": (245, 220, 50),
    "olive": (115, 115, 35),
    "dark green": (20, 75, 35),
    "green": (45, 160, 65),
    "light green": (160, 220, 150),
    "teal": (20, 125, 125),
    "turquoise": (70, 210, 205),
    "light blue": (160, 205, 240),
    "blue": (40, 95, 215),
    "dark blue": (20, 30, 95),
    "purple": (115, 45, 150),
    "magenta": (215, 50, 165),
}


NEUTRAL: Final = ("black", "dark grey", "grey", "light grey", "white")
LEAST_CHROMA: Final = 0.03
"""Distance from grey in Oklab, below which people say grey; the strongest colours have about 0.3."""


def nearest_name(colour: Rgb) -> str:
    """The name in `NAMED` that looks most like the colour; of two equally near the one listed first."""
    lightness, a, b = _oklab(colour)

    def distance(name: str) -> float:
        other_lightness, other_a, other_b = _oklab(NAMED[name])
        return (lightness - other_lightness) ** 2 + (a - other_a) ** 2 + (b - other_b) ** 2

    # A very dark grey is nearer to navy than to black: without a hue only the colours without one are asked.
    return min(NEUTRAL if hypot(a, b) < LEAST_CHROMA else NAMED, key=distance)


@lru_cache(maxsize=256)
def _oklab(colour: Rgb) -> tuple[float, float, float]:
    """Lightness 0 to 1, green-red and blue-yellow about -0.4 to 0.4."""
    red, green, blue = (_linear(value / 255) for value in colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear(value: float) -> float:
    """Light from an sRGB value, both 0 to 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
