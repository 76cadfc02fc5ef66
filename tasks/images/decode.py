"""From a file to pixels, refusing what is not safely a picture.

The order matters: bytes are counted before they are read, sides are checked from the header before a pixel is
decoded, so that neither a huge file nor a decompression bomb (a small file with a huge picture) takes the
worker's memory. Formats are a fixed list: Pillow would otherwise hand EPS to Ghostscript, and other rarely
used decoders to whatever was uploaded.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from tasks.images.errors import BrokenImage

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 20 * 1024 * 1024
"""Largest file, in bytes (20 MiB)."""
MIN_SIDE: Final = 50
"""Shortest side, in pixels."""
MAX_SIDE: Final = 10_000
"""Longest side, in pixels."""
MAX_PIXELS: Final = 89_478_485
"""Most pixels, 256 MiB of RGB: where Pillow begins to warn of a bomb (its own limit can be off)."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF")
"""What may be decoded, where Pillow can: HEIF needs a plugin (pillow-heif), AVIF its libavif."""

# Pillow lets its decoders' errors through as they are; these are the kinds that damaged files cause. OSError
# is the file's fault here (truncated), not the disk's: the bytes are in memory already.
_DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)


def read(source: Path) -> bytes:
    """The file's bytes, 1 to `MAX_BYTES` of them.

    Raises:
        BrokenImage: It is missing, no file, empty or too large.
        OSError: It could not be read for a reason that is not the image's (permission, disk).
    """
    try:
        with source.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BrokenImage(source, "there is no such file") from error
    if not data:
        raise BrokenImage(source, "the file is empty")
    if len(data) > MAX_BYTES:
        raise BrokenImage(source, f"larger than {MAX_BYTES} bytes")
    return data


def decode(data: bytes, source: Path) -> Image.Image:
    """The picture, decoded to the last pixel and turned as its EXIF orientation says; of several frames the
    first.

    Args:
        data: The whole file.
        source: Its name, for errors only.

    Raises:
        BrokenImage: No decoder knows it, a side or the area is out of range, or the data are damaged.
    """
    try:
        image = Image.open(BytesIO(data), formats=_decodable())
        check_sides(image.size, source)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
    except UnidentifiedImageError as error:
        raise BrokenImage(source, f"no decoder here knows this file ({_looks_like(data)})") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # The warning arrives as an error only under `-W error`; otherwise `check_sides` refuses the same
        # image.
        raise BrokenImage(source, f"more than {MAX_PIXELS} pixels") from error
    except _DECODER_ERRORS as error:
        raise BrokenImage(source, f"damaged: {type(error).__name__}: {error}") from error
    return image


def check_sides(size: tuple[int, int], source: Path, when: str = "") -> None:
    """Refuse a picture whose sides or area are out of range.

    Raises:
        BrokenImage: With the size, the limit, and `when` before them.
    """
    measured = f"{when}{size[0]}x{size[1]} px"
    if min(size) < MIN_SIDE:
        raise BrokenImage(source, f"{measured}, needs at least {MIN_SIDE} px per side")
    if max(size) > MAX_SIDE:
        raise BrokenImage(source, f"{measured}, allows at most {MAX_SIDE} px per side")
    if size[0] * size[1] > MAX_PIXELS:
        raise BrokenImage(source, f"{measured} is more than {MAX_PIXELS} pixels")


def _decodable() -> list[str]:
    Image.init()  # registers the plugins, once
    return [name for name in FORMATS if name in Image.OPEN]


def _looks_like(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return f"an ISO media file of brand {data[8:12]!r}; HEIC needs pillow-heif"
    return f"it begins with {data[:8]!r}"
