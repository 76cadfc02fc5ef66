"""What is in the wheel and in the sdist, and that both can be made again."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from email import message_from_string
from typing import TYPE_CHECKING

import pytest

from guard.version import __version__
from tests.packaging.conftest import ROOT, hook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = f"celery_maintenance_guard-{__version__}"


def source(*folders: str) -> set[str]:
    """All files of the checkout's packages, as a wheel names them."""
    files = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as content:
        return set(content.namelist())


@pytest.fixture(scope="module")
def in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as content:
        return {one.name.removeprefix(f"{NAME}/") for one in content.getmembers() if one.isfile()}


def test_the_wheel_is_the_packages_with_all_their_data_and_nothing_else(in_wheel: set[str]) -> None:
    about = {name for name in in_wheel if name.startswith(f"{NAME}.dist-info/")}
    assert in_wheel - about == source("guard", "tasks") | {"beat_schedule.py"}
    assert f"{NAME}.dist-info/licenses/LICENSE" in about
    assert {name for name in in_wheel if name.endswith("py.typed")} == {"guard/py.typed"}


def test_the_sdist_is_the_checkout(in_sdist: set[str]) -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout: an unpacked sdist has no list to compare with")
    asked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    there = {name for name in asked.stdout.splitlines() if (ROOT / name).exists()}
    assert there - in_sdist == set()
    assert {
        name for name in in_sdist - there if "__pycache__" in name or name.endswith((".pyc", ".db"))
    } == set()


def test_the_sdist_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as content:
        # Debian's 3.11.2 knows no filters yet
        content.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # noqa: S202 - our own archive
    again = hook("build_wheel", tmp_path / NAME, tmp_path / "wheel")
    assert again.name == wheel.name == f"{NAME}-py3-none-any.whl"
    assert again.read_bytes() == wheel.read_bytes()


def test_a_wheel_that_is_built_twice_is_the_same_byte_for_byte(
    checkout: Callable[[], Path], wheel: Path, tmp_path: Path
) -> None:
    other = checkout()
    for path in other.rglob("*.py"):
        path.touch()
    assert hook("build_wheel", other, tmp_path).read_bytes() == wheel.read_bytes()


def test_what_the_wheel_says_of_itself(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        said = message_from_string(content.read(f"{NAME}.dist-info/METADATA").decode())
        tags = content.read(f"{NAME}.dist-info/WHEEL").decode()
    assert said["Version"] == __version__
    assert said["License-Expression"] == "MIT"
    assert said["Description-Content-Type"] == "text/markdown"
    classifiers = said.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    pythons = {line.rpartition(" ")[2] for line in classifiers if "Python :: 3." in line}
    assert pythons == {"3.11", "3.12", "3.13"}
    assert said["Requires-Python"] == ">=3.11"
    assert said.get_all("Project-URL") is None, "there is no public repository to point at"
    assert "Root-Is-Purelib: true" in tags
