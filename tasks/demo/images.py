"""Make image files to work on: real ones, of the kinds that people upload, the same for the same seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXIF_ORIENTATION: Final = 0x0112
ROTATED: Final = 6
"""The camera was turned: show it 90 degrees clockwise."""
LARGE_EVERY: Final = 15
"""One image in so many is a photograph's size."""

_SIDES: Final = ((640, 480), (480, 640), (800, 800), (1100, 620), (500, 800), (360, 240))
_LARGE: Final = ((2400, 1600), (1600, 2400))


def make_images(
    directory: Path, count: int, seed: int, *, with_broken: bool = False, large_every: int = LARGE_EVERY
) -> list[Path]:
    """Write `count` images into `directory`, in under 3 s for 60.

    JPEG upright and turned by EXIF, PNG opaque and transparent, and WebP take turns; some are
    large.

    Args:
        directory: Made when missing; files of the same names are replaced.
        count: How many, 0 or more.
        seed: The same seed gives the same pictures.
        with_broken: Add one more file at the end: a JPEG that breaks off in the middle.
        large_every: One image in so many is large.

    Returns:
        The files, in order.

    Raises:
        ValueError: `count` is negative.
    """
    if count < 0:
        raise ValueError(f"count is {count}, must be 0 or more")
    directory.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311 (pictures, not secrets)
    paths = [
        _KINDS[number % len(_KINDS)](
            directory, number, _picture(chance, large=number % large_every == large_every - 1)
        )
        for number in range(count)
    ]
    if with_broken:
        paths.append(_broken(directory, count, _picture(chance, large=False)))
    return paths


def _picture(chance: random.Random, *, large: bool) -> Image.Image:
    """A sky of soft colours with some shapes in it, RGB."""
    width, height = chance.choice(_LARGE if large else _SIDES)
    # Four by three random pixels, blown up: smooth, coloured, different each time, and cheap.
    picture = Image.frombytes("RGB", (4, 3), chance.randbytes(36)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(3, 8)):
        left, top = chance.randrange(width), chance.randrange(height)
        box = (left, top, left + chance.randint(20, width // 2), top + chance.randint(20, height // 2))
        shape = chance.choice((draw.ellipse, draw.rectangle))
        shape(box, fill=_colour(chance))
    return picture


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def _jpeg(directory: Path, number: int, picture: Image.Image) -> Path:
    path = directory / f"photo-{number:04d}.jpg"
    picture.save(path, quality=90)
    return path


def _turned_jpeg(directory: Path, number: int, picture: Image.Image) -> Path:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = ROTATED
    path = directory / f"turned-{number:04d}.jpg"
    picture.save(path, quality=90, exif=exif)
    return path


def _opaque_png(directory: Path, number: int, picture: Image.Image) -> Path:
    path = directory / f"drawing-{number:04d}.png"
    # With a palette, as drawing programs save; also three times faster to compress than RGB.
    picture.quantize(64, Image.Quantize.FASTOCTREE).save(path, compress_level=1)
    return path


def _transparent_png(directory: Path, number: int, picture: Image.Image) -> Path:
    path = directory / f"logo-{number:04d}.png"
    picture = picture.reduce(2)
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, picture.width - 1, picture.height - 1), fill=255)
    picture.putalpha(mask)
    picture.save(path, compress_level=1)
    return path


def _webp(directory: Path, number: int, picture: Image.Image) -> Path:
    path = directory / f"web-{number:04d}.webp"
    picture.save(path, quality=85, method=0)
    return path


def _broken(directory: Path, number: int, picture: Image.Image) -> Path:
    whole = _jpeg(directory, number, picture)
    path = whole.replace(directory / f"broken-{number:04d}.jpg")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


_KINDS: Final[tuple[Callable[[Path, int, Image.Image], Path], ...]] = (
    _jpeg,
    _turned_jpeg,
    _opaque_png,
    _transparent_png,
    _webp,
)
