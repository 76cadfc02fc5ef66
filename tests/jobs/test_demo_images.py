"""The demo's material: varied, real, repeatable, quick."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tasks.demo.images import make_images
from tasks.images.errors import BrokenImage
from tasks.images.optimize import optimize_image

if TYPE_CHECKING:
    from pathlib import Path


def test_sixty_varied_images_in_under_three_seconds(tmp_path: Path) -> None:
    started = time.process_time()
    paths = make_images(tmp_path, 60, seed=1)
    assert time.process_time() - started < 3
    assert len(set(paths)) == 60

    kinds: Counter[str] = Counter()
    sizes = set()
    for path in paths:
        with Image.open(path) as image:
            kinds[f"{image.format} {image.mode}"] += 1
            kinds["turned by EXIF"] += image.getexif().get(0x0112) == 6
            kinds["large"] += max(image.size) >= 2000
            sizes.add(image.size)
    assert kinds == {
        "JPEG RGB": 24, "PNG P": 12, "PNG RGBA": 12, "WEBP RGB": 12, "turned by EXIF": 12, "large": 4,
    }  # fmt: skip
    assert len(sizes) > 8


def test_every_image_can_be_optimised(tmp_path: Path) -> None:
    results = [optimize_image(path, tmp_path / "out") for path in make_images(tmp_path / "in", 15, seed=2)]
    assert len({result.path for result in results}) == 15
    assert Counter(result.format for result in results) == {"JPEG": 12, "PNG": 3}


def test_the_seed_decides(tmp_path: Path) -> None:
    def content(folder: str, seed: int) -> list[bytes]:
        return [path.read_bytes() for path in make_images(tmp_path / folder, 5, seed)]

    assert content("a", 7) == content("b", 7)
    assert content("a", 7) != content("c", 8)


def test_the_broken_one_is_broken_and_comes_last(tmp_path: Path) -> None:
    paths = make_images(tmp_path, 2, seed=3, with_broken=True)
    assert len(paths) == 3
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    with pytest.raises(BrokenImage, match="damaged"):
        optimize_image(paths[-1], tmp_path / "out")


def test_none_and_fewer_than_none(tmp_path: Path) -> None:
    assert make_images(tmp_path, 0, seed=1) == []
    with pytest.raises(ValueError, match="count is -1"):
        make_images(tmp_path, -1, seed=1)
