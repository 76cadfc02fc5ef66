"""The wheel and the sdist, built once from a copy of the checkout, without any network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv*",
    "__pycache__",
    "build",
    "dist",
    "*.egg-info",
    ".*_cache",
    ".hypothesis",
    "site",
    ".artifacts",
)


def hook(name: str, source: Path, target: Path) -> Path:
    """What the hook of the build backend of this name makes of a folder, with the time of files fixed."""
    target.mkdir(parents=True, exist_ok=True)
    code = f"import sys, setuptools.build_meta as backend; print(backend.{name}(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(target)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1800000000"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return target / made.stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A new copy of the checkout whenever it is called: building leaves files beside the source."""

    def copy() -> Path:
        return shutil.copytree(ROOT, tmp_path_factory.mktemp("checkout") / "guard", ignore=LEFT_OUT)

    return copy


@pytest.fixture(scope="session")
def wheel(checkout: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    return hook("build_wheel", checkout(), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(checkout: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, built from the checkout."""
    return hook("build_sdist", checkout(), tmp_path_factory.mktemp("sdist"))
