"""`optimize_image`: what comes out for what goes in, what is refused, and no half file is ever published."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.images.atomic import STALE_SECONDS, write_atomically
from tasks.images.decode import MAX_BYTES
from tasks.images.errors import BrokenImage
from tasks.images.optimize import optimize_image
from tests.jobs.pictures import BLUE, RED, png_that_claims, save

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "mode", "colour", "options", "expected"),
    [
        ("a JPEG.jpg", "RGB", RED, {}, ("JPEG", "RGB")),
        ("a grey JPEG.jpg", "L", (90,), {}, ("JPEG", "RGB")),
        ("a printer's JPEG.jpg", "CMYK", (0, 200, 200, 20), {}, ("JPEG", "RGB")),
        ("an opaque PNG.png", "RGB", RED, {}, ("JPEG", "RGB")),
        ("a PNG whose alpha is all opaque.png", "RGBA", (*RED, 255), {}, ("JPEG", "RGB")),
        ("a transparent PNG.png", "RGBA", (*RED, 254), {}, ("PNG", "RGBA")),
        ("a grey transparent PNG.png", "LA", (90, 0), {}, ("PNG", "RGBA")),
        ("a PNG with a transparent colour.png", "RGB", RED, {"transparency": RED}, ("PNG", "RGBA")),
        ("a PNG without that colour.png", "RGB", RED, {"transparency": BLUE}, ("JPEG", "RGB")),
        ("a transparent GIF.gif", "P", (0,), {"transparency": 0}, ("PNG", "RGBA")),
        ("a GIF.gif", "P", (0,), {}, ("JPEG", "RGB")),
        ("black and white.png", "1", (1,), {}, ("JPEG", "RGB")),
        ("a WebP.webp", "RGB", RED, {}, ("JPEG", "RGB")),
        ("a transparent WebP.webp", "RGBA", (*RED, 10), {"lossless": True}, ("PNG", "RGBA")),
        ("a BMP.bmp", "RGB", RED, {}, ("JPEG", "RGB")),
        ("a TIFF.tif", "RGB", RED, {}, ("JPEG", "RGB")),
        ("an AVIF.avif", "RGB", RED, {}, ("JPEG", "RGB")),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_formats(
    tmp_path: Path, name: str, mode: str, colour: tuple[int, ...], options: dict, expected: tuple
) -> None:
    source = save(tmp_path / name, mode=mode, colour=colour if len(colour) > 1 else colour[0], **options)
    before = source.read_bytes()
    result = optimize_image(source, tmp_path / "new" / "out")

    assert (result.format, result.mode) == expected
    assert result.size == (200, 100)
    assert result.path.suffix == {"JPEG": ".jpg", "PNG": ".png"}[result.format]
    assert (result.bytes_before, result.bytes_after) == (len(before), result.path.stat().st_size)
    assert source.read_bytes() == before
    with Image.open(result.path) as written:
        assert (written.format, written.mode, written.size) == (result.format, result.mode, result.size)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((50, 50), (50, 50)),  # never enlarged
        ((1024, 1024), (1024, 1024)),
        ((1025, 1024), (1024, 1023)),
        ((2048, 1024), (1024, 512)),
        ((1000, 4000), (256, 1024)),
        ((10_000, 600), (1024, 61)),
    ],
)
def test_shrinks_to_the_box_and_never_enlarges(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert optimize_image(save(tmp_path / "p.png", size, "L", (9,)), tmp_path / "out").size == expected


@settings(max_examples=40, deadline=None)
@given(width=st.integers(50, 2500), height=st.integers(50, 2500), alpha=st.sampled_from([None, 0, 254, 255]))
def test_any_allowed_size_fits_and_keeps_its_shape(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, alpha: int | None
) -> None:
    # A strip so narrow that shrinking leaves less than 50 pixels is refused; see BROKEN.
    assume(min(width, height) * min(1024 / max(width, height), 1) >= 50)
    folder = tmp_path_factory.mktemp("any")
    mode, colour = ("RGB", RED) if alpha is None else ("RGBA", (*RED, alpha))
    result = optimize_image(save(folder / "p.png", (width, height), mode, colour, compress_level=1), folder)
    assert max(result.size) == min(1024, max(width, height))
    scale = max(result.size) / max(width, height)
    assert result.size[0] == pytest.approx(width * scale, abs=1)
    assert result.size[1] == pytest.approx(height * scale, abs=1)
    assert result.format == ("PNG" if alpha in (0, 254) else "JPEG")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_as_exif_says_and_forgets_exif(tmp_path: Path, orientation: int) -> None:
    """Red must end at the top left, wherever the camera's position put it."""
    upright = Image.new("RGB", (120, 80), BLUE)
    upright.paste(RED, (0, 0, 40, 40))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    stored.save(tmp_path / "p.jpg", quality=95, exif=exif)
    result = optimize_image(tmp_path / "p.jpg", tmp_path / "out")
    assert result.size == (120, 80)
    with Image.open(result.path) as written:
        assert not written.getexif()
        red, _, blue = written.getpixel((10, 10))
        assert red > 150 > blue
        red, _, blue = written.getpixel((110, 70))
        assert blue > 150 > red


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    result = optimize_image(save(tmp_path / "scan.png", mode="I;16", colour=32768), tmp_path / "out")
    with Image.open(result.path) as written:
        assert written.getpixel((50, 50))[0] == pytest.approx(128, abs=2)


def _first_half(folder: Path) -> bytes:
    content = save(folder / "whole.jpg", (400, 400)).read_bytes()
    return content[: len(content) // 2]


BROKEN = {
    "an empty file": (lambda _: b"", "empty"),
    "text": (lambda _: b"not a picture at all", "no decoder"),
    "half a JPEG": (_first_half, "damaged"),
    "a HEIC without its plugin": (lambda _: b"\0\0\0\x18ftypheic" + bytes(60), "pillow-heif"),
    "PostScript, which Pillow would hand to Ghostscript": (
        lambda _: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n",
        "no decoder",
    ),
    "too narrow": (
        lambda folder: save(folder / "n.png", (49, 400)).read_bytes(),
        "49x400 px, needs at least 50",
    ),
    "too low": (
        lambda folder: save(folder / "n.png", (400, 49)).read_bytes(),
        "400x49 px, needs at least 50",
    ),
    "too narrow once it is shrunk": (
        lambda folder: save(folder / "n.png", (5000, 60)).read_bytes(),
        "after shrinking 1024x12 px, needs at least 50",
    ),
    "a side too long": (lambda _: png_that_claims(10_001, 60), "at most 10000"),
    "a bomb within the sides": (lambda _: png_that_claims(9_999, 9_999), "more than 89478485 pixels"),
    "a bomb beyond Pillow's limit": (lambda _: png_that_claims(60_000, 60_000), "more than 89478485 pixels"),
    "fewer pixels than announced": (lambda _: png_that_claims(5_000, 5_000), "damaged"),
    "20 MiB and a byte": (lambda _: bytes(MAX_BYTES + 1), "larger than"),
    "32-bit samples": (
        lambda folder: save(folder / "f.tif", mode="F", colour=0.5).read_bytes(),
        "32-bit samples",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_refuses(tmp_path: Path, case: str) -> None:
    make, why = BROKEN[case]
    source = tmp_path / "upload.jpg"
    source.write_bytes(make(tmp_path))
    with pytest.raises(BrokenImage) as caught:
        optimize_image(source, tmp_path / "out")
    assert why in caught.value.why
    assert caught.value.path == str(source)
    assert str(source) in str(caught.value)
    assert not list((tmp_path / "out").glob("*")), "something was written"


@pytest.mark.parametrize("name", ["missing.jpg", "."])
def test_refuses_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(BrokenImage, match="no such file"):
        optimize_image(tmp_path / name, tmp_path / "out")


def test_the_error_survives_pool_and_backend(tmp_path: Path) -> None:
    """billiard pickles it, the JSON backend stores its arguments; both rebuild it by calling the class."""
    error = BrokenImage(tmp_path / "x.jpg", "the file is empty")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 (our own bytes)
    assert str(BrokenImage(*json.loads(json.dumps(error.args)))) == str(error)


def test_the_same_image_twice_is_one_file(tmp_path: Path) -> None:
    source = save(tmp_path / "p.jpg")
    first = optimize_image(source, tmp_path / "out")
    digest = hashlib.sha256(first.path.read_bytes()).digest()
    assert optimize_image(source, tmp_path / "out") == first
    assert hashlib.sha256(first.path.read_bytes()).digest() == digest
    assert list((tmp_path / "out").iterdir()) == [first.path]


def test_sources_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    one = optimize_image(save(tmp_path / "a" / "p.jpg", colour=RED), tmp_path / "out")
    two = optimize_image(save(tmp_path / "b" / "p.jpg", colour=BLUE), tmp_path / "out")
    assert one.path != two.path


def test_an_awkward_name_becomes_a_plain_one(tmp_path: Path) -> None:
    result = optimize_image(save(tmp_path / ("ü b;c\n" + "x" * 200 + ".png")), tmp_path / "out")
    assert result.path.name.startswith("__b_c_xxx")
    assert len(result.path.name) < 80


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from tasks.images.atomic import write_atomically

def half(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(Path(sys.argv[1]), half, lambda _: None)
"""


def test_a_killed_writer_leaves_the_old_file_and_the_next_one_clears_up(tmp_path: Path) -> None:
    final = tmp_path / "p.jpg"
    final.write_bytes(b"old")
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(final)], cwd=ROOT, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    assert final.read_bytes() == b"old"
    (leftover,) = tmp_path.glob(".p.jpg.*.part")

    write_atomically(final, lambda file: file.write(b"new") and None, lambda _: None)
    assert final.read_bytes() == b"new"
    assert leftover.exists(), "it may belong to a living writer"

    long_ago = leftover.stat().st_mtime - STALE_SECONDS - 1
    os.utime(leftover, (long_ago, long_ago))
    write_atomically(final, lambda file: file.write(b"newer") and None, lambda _: None)
    assert list(tmp_path.iterdir()) == [final]


def test_what_fails_its_check_is_not_published(tmp_path: Path) -> None:
    def refuse(_: Path) -> None:
        raise BrokenImage("p", "bad")

    with pytest.raises(BrokenImage):
        write_atomically(tmp_path / "p.jpg", lambda file: file.write(b"x") and None, refuse)
    assert list(tmp_path.iterdir()) == []
