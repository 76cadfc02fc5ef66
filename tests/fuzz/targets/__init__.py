"""The targets, one file each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.target import Target

__all__ = ["NAMES", "load"]

NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem[0] != "_"))


def load(name: str) -> Target:
    """The target of a file."""
    target: Target = import_module(f"{__name__}.{name}").TARGET
    return target
