"""Make an image file fit for the web: upright, at most 1024x1024, JPEG, or PNG where it is transparent.

The result's name is made of the source's name and a digest of its content. So a job that runs twice writes
the same file twice, and two sources that share a name never overwrite each other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from PIL import Image

from tasks.images.atomic import write_atomically
from tasks.images.decode import check_sides, decode, read
from tasks.images.errors import BrokenImage

if TYPE_CHECKING:
    from pathlib import Path

TARGET: Final = (1024, 1024)
"""The box, in pixels, that the result fits into. Smaller images stay as they are."""
JPEG_QUALITY: Final = 85

_RGB: Final = frozenset({"RGB", "RGBA"})
_SUFFIX: Final[dict[str, str]] = {"JPEG": ".jpg", "PNG": ".png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizedImage:
    """What `optimize_image` made."""

    path: Path
    """The written file."""
    size: tuple[int, int]
    """Width and height in pixels, after turning and shrinking: 50 to 1024 each."""
    mode: str
    """`RGB`, or `RGBA` for a PNG with transparency."""
    format: Literal["JPEG", "PNG"]
    bytes_before: int
    bytes_after: int


def optimize_image(source: Path, destination_dir: Path) -> OptimizedImage:
    """Check, decode, turn, shrink and write one image.

    Args:
        source: A JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or (with a plugin) HEIC file: 1 byte to 20 MiB, 50 to
            10,000 pixels per side. Of an animation the first frame is taken. It is only read.
        destination_dir: Made when missing. A file of the same name in it is replaced at once and whole.

    Raises:
        BrokenImage: The source is not such a file, or is so narrow that shrinking leaves less than 50 pixels
            on a side. Nothing was written.
        OSError: Reading or writing failed for the disk's reasons. No half file was left under the final name.
    """
    data = read(source)
    image, kind = _for_the_web(decode(data, source), source)
    image.thumbnail(TARGET, Image.Resampling.LANCZOS)
    check_sides(image.size, source, "after shrinking ")
    digest = hashlib.sha256(data).hexdigest()[:12]
    path = destination_dir / f"{_safe_stem(source)}-{digest}{_SUFFIX[kind]}"

    def write(file: BinaryIO) -> None:
        # `info` holds the colour profile or nothing: EXIF and comments, the place of the picture among them,
        # are gone.
        image.save(file, kind, quality=JPEG_QUALITY, icc_profile=image.info.get("icc_profile"))

    def check(written: Path) -> None:
        if decode(read(written), written).size != image.size:
            raise BrokenImage(source, "what was written could not be read back")

    write_atomically(path, write, check)
    return OptimizedImage(
        path=path,
        size=image.size,
        mode=image.mode,
        format=kind,
        bytes_before=len(data),
        bytes_after=path.stat().st_size,
    )


def _for_the_web(image: Image.Image, source: Path) -> tuple[Image.Image, Literal["JPEG", "PNG"]]:
    """The image as RGBA for PNG if a pixel of it is really transparent, else as RGB for JPEG."""
    if image.mode in {"I", "F"}:
        # 32-bit samples have no agreed black and white; any brightness we chose would be made up.
        raise BrokenImage(source, f"32-bit samples (mode {image.mode}) are measurements, not a picture")
    # A profile describes the colours it was made for: it stays true only where the colours are not converted.
    kept: dict[str | tuple[int, int], Any] = {
        key: value for key, value in image.info.items() if key == "icc_profile" and image.mode in _RGB
    }
    if image.mode.startswith("I;16"):
        image = _eight_bits(image)
    try:
        if image.has_transparency_data:
            image = image.convert("RGBA")
        transparent = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
        image = image if transparent else image.convert("RGB")
    except ValueError as error:
        raise BrokenImage(source, f"its colours (mode {image.mode}) cannot become RGB") from error
    image.info = kept
    return image, "PNG" if transparent else "JPEG"


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit. Pillow would clip at 255 instead; 1/257 maps 65535 to 255."""
    grey = image.point(lambda value: value * (1 / 257) + 0).convert("L")
    grey.info.pop("transparency", None)  # a 16-bit value, meaningless now
    return grey


def _safe_stem(source: Path) -> str:
    """The source's name without its ending: at most 60 characters that every file system and URL takes."""
    stem = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in source.stem
    )
    return stem[:60] or "image"
