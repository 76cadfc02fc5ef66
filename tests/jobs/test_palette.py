"""The embedded captioner says true things, the same each time, and never poses as an AI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.captions.captioner import MAX_LENGTH, choose, one_line
from tasks.captions.colours import NAMED, nearest_name
from tasks.captions.ollama import OllamaCaptioner
from tasks.captions.palette import NOT_AI, PaletteCaptioner
from tasks.images.errors import BrokenImage
from tasks.settings import JobSettings
from tests.jobs.pictures import BLUE, RED, save

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("size", "orientation"),
    [
        ((300, 200), "Landscape image, 300 by 200 pixels"),
        ((200, 300), "Portrait image, 200 by 300 pixels"),
        ((200, 200), "Square image, 200 by 200 pixels"),
        ((200, 191), "Square image, 200 by 191 pixels"),
        ((200, 189), "Landscape image, 200 by 189 pixels"),
    ],
)
def test_says_size_and_orientation(tmp_path: Path, size: tuple[int, int], orientation: str) -> None:
    caption = PaletteCaptioner().caption(save(tmp_path / "p.png", size))
    assert caption.text == f"{orientation}, mainly red (100 %). {NOT_AI}"
    assert caption.captioner == "palette"
    assert not caption.is_ai
    assert caption.notes == ("not an AI caption",)


def test_looks_at_the_image_as_it_is_shown(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    text = PaletteCaptioner().caption(save(tmp_path / "p.jpg", (300, 200), exif=exif)).text
    assert text.startswith("Portrait image, 200 by 300 pixels")


def _stripes(*parts: tuple[tuple[int, ...], int]) -> Image.Image:
    """Vertical stripes of these colours and widths, 64 pixels high."""
    picture = Image.new("RGBA", (sum(width for _, width in parts), 64))
    left = 0
    for colour, width in parts:
        picture.paste(colour, (left, 0, left + width, 64))
        left += width
    return picture


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([(RED, 64)], "mainly red (100 %)."),
        ([(RED, 48), (BLUE, 16)], "mainly red (75 %) and blue (25 %)."),
        ([(RED, 32), (BLUE, 16), ((255, 255, 255), 16)], "mainly red (50 %), blue (25 %) and white (25 %)."),
        ([(RED, 62), (BLUE, 2)], "mainly red (97 %)."),  # 3 % is not worth a word
        ([(RED, 32), ((0, 0, 0, 0), 32)], "mainly red (100 %), with transparent parts."),
        ([((*RED, 0), 64)], "pixels, fully transparent."),
    ],
)
def test_names_the_main_colours(tmp_path: Path, parts: list[tuple[tuple[int, ...], int]], said: str) -> None:
    path = tmp_path / "p.png"
    _stripes(*parts).save(path)
    assert said in PaletteCaptioner().caption(path).text


@pytest.mark.parametrize("name", NAMED)
def test_each_colour_of_the_table_has_its_own_name(name: str) -> None:
    assert nearest_name(NAMED[name]) == name


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((255, 0, 0), "red"),
        ((0, 0, 255), "blue"),
        ((0, 128, 0), "green"),
        ((250, 250, 245), "white"),
        ((12, 10, 14), "black"),
        ((135, 206, 235), "light blue"),
        ((85, 107, 47), "olive"),
        ((128, 0, 0), "dark red"),
        ((255, 192, 203), "pink"),
        ((139, 69, 19), "brown"),
    ],
)
def test_colours_get_the_names_that_people_use(colour: tuple[int, int, int], name: str) -> None:
    assert nearest_name(colour) == name


@given(st.integers(0, 255))
def test_greys_are_never_called_colourful(level: int) -> None:
    assert nearest_name((level, level, level)) in {"black", "dark grey", "grey", "light grey", "white"}


def test_the_same_file_gives_the_same_words(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 50).convert("RGB").save(path)
    assert PaletteCaptioner().caption(path) == PaletteCaptioner().caption(path)


def test_a_broken_image_gets_no_caption(tmp_path: Path) -> None:
    (tmp_path / "p.jpg").write_bytes(b"broken")
    with pytest.raises(BrokenImage):
        PaletteCaptioner().caption(tmp_path / "p.jpg")


def test_the_setting_chooses() -> None:
    assert isinstance(choose(JobSettings(tasks_captioner="palette")), PaletteCaptioner)
    assert isinstance(choose(JobSettings(tasks_captioner="ollama")), OllamaCaptioner)


@given(st.text(max_size=1500))
def test_one_line_is_one_line_of_limited_length(text: str) -> None:
    line, was_cut = one_line(text)
    assert len(line) <= MAX_LENGTH
    assert line == " ".join(line.split())
    whole = " ".join(text.split())
    assert line == whole if not was_cut else whole.startswith(line[:-1].rstrip())


def test_one_line_cuts_between_words() -> None:
    line, was_cut = one_line("word " * 200)
    assert was_cut
    assert line.endswith("word…")
