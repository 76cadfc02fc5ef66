"""Makes the small files that the tests of the jobs feed in."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

Colour = tuple[int, ...]

RED = (215, 30, 35)
BLUE = (40, 95, 215)


def save(
    path: Path, size: tuple[int, int] = (200, 100), mode: str = "RGB", colour: Colour = RED, **options: object
) -> Path:
    """Write a picture of one colour; the ending of the name gives the format, `options` go to Pillow."""
    Image.new(mode, size, colour).save(path, **options)
    return path


def png_that_claims(width: int, height: int) -> bytes:
    """A tiny PNG whose header announces a picture of that size: what a decompression bomb looks like."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
