"""The files of the secrets: those beside the compose file, or fresh ones of this run alone."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def secret_files(named: Mapping[str, Path], own: Path, maker: Path) -> dict[str, Path]:
    """Name -> file.

    Args:
        named: as the compose file says; used when all of them are there.
        own: the folder for fresh ones, made by `maker` as an operator would make them.

    Raises:
        ValueError: the maker did not make all that the compose file names.
    """
    if all(path.is_file() for path in named.values()):
        return dict(named)
    made = subprocess.run([str(maker), str(own)], check=False, capture_output=True, text=True)
    found = {name: own / path.name for name, path in named.items()}
    absent = sorted(name for name, path in found.items() if not path.is_file())
    if absent:
        raise ValueError(f"{maker.name} made no {', '.join(absent)}: {made.stderr[-500:]}")
    return found
