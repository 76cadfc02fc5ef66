"""The embedded captioner: what a program can truly say of a picture without understanding it.

Size, orientation and main colours, and in the same breath that this is not an AI caption. The same file
always gives the same text. It needs no server and takes some milliseconds, which is why it is the default.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from PIL import Image

from tasks.captions.captioner import Caption, one_line
from tasks.captions.colours import Rgb, nearest_name
from tasks.images.decode import decode, read

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE: Final = (64, 64)
"""Pixels that are looked at: enough for shares of a few per cent."""
CLUSTERS: Final = 16
"""Colours that the sample is reduced to before each gets a name."""
MAX_COLOURS: Final = 3
MIN_SHARE: Final = 0.05
"""A colour on less than this part of the picture is not named."""
SQUARE_TOLERANCE: Final = 0.05
"""Sides that differ by no more than this part of the longer one make a square."""
NOT_AI: Final = "Described by a program from its size and colours; this is not an AI caption."


class PaletteCaptioner:
    """See the module. Has no state."""

    def caption(self, image: Path) -> Caption:
        """Describe size, orientation and main colours.

        Raises:
            BrokenImage: The file is not a usable image.
            OSError: The file could not be read.
        """
        picture = decode(read(image), image).convert("RGBA")
        width, height = picture.size
        opaque_share, colours = main_colours(picture)
        parts = f"{_orientation(width, height)} image, {width} by {height} pixels"
        parts += f", mainly {_listed(colours)}" if colours else ", fully transparent"
        if colours and opaque_share < 1 - MIN_SHARE:
            parts += ", with transparent parts"
        text, _ = one_line(f"{parts}. {NOT_AI}")
        return Caption(text=text, captioner="palette", is_ai=False, notes=("not an AI caption",))


def main_colours(picture: Image.Image) -> tuple[float, list[tuple[str, float]]]:
    """The opaque part of an RGBA picture and its main colours.

    Returns:
        The share of opaque pixels, 0 to 1; and at most `MAX_COLOURS` pairs of name and share of the opaque
        pixels, greatest first. At least one pair, unless no pixel is opaque.
    """
    sample = picture.resize(SAMPLE, Image.Resampling.BOX)
    visible = sample.getchannel("A").point(lambda alpha: 255 if alpha >= 128 else 0)
    opaque = visible.histogram()[255]
    if not opaque:
        return 0.0, []
    # Quantised by median cut, which is deterministic; transparent pixels are counted out by the mask, not by
    # colour.
    reduced = sample.convert("RGB").quantize(CLUSTERS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = reduced.getpalette() or []
    names: Counter[str] = Counter()
    for index, pixels in enumerate(reduced.histogram(visible)):
        if pixels:
            names[nearest_name(_entry(palette, index))] += pixels
    shares = sorted(
        ((name, pixels / opaque) for name, pixels in names.items()), key=lambda pair: (-pair[1], pair[0])
    )
    return opaque / visible.width / visible.height, [
        pair for rank, pair in enumerate(shares[:MAX_COLOURS]) if rank == 0 or pair[1] >= MIN_SHARE
    ]


def _entry(palette: list[int], index: int) -> Rgb:
    red, green, blue = palette[3 * index : 3 * index + 3]
    return red, green, blue


def _orientation(width: int, height: int) -> str:
    if abs(width - height) <= SQUARE_TOLERANCE * max(width, height):
        return "Square"
    return "Landscape" if width > height else "Portrait"


def _listed(colours: list[tuple[str, float]]) -> str:
    """`blue (61 %), white (20 %) and grey (9 %)`."""
    words = [f"{name} ({share:.0%})".replace("%", " %") for name, share in colours]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
