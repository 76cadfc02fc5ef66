"""Whether what a picture names is in the code: a picture that names what is gone must not be drawn."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "place"]

ROOT = Path(__file__).parents[2]


def place(where: str) -> str:
    """The file of a place in the code, for people.

    Args:
        where: ``guard/agent/agent.py`` alone, or with a name in it: ``guard/agent/agent.py Agent._settle``.

    Raises:
        LookupError: it is not there.
    """
    file, _, name = where.partition(" ")
    if not (ROOT / file).is_file():
        raise LookupError(f"{file} is in a picture and not in the code")
    if name and name not in _names(file):
        raise LookupError(f"{file} has no {name}, which a picture names")
    return file


@cache
def _names(file: str) -> frozenset[str]:
    found = set()
    for node in ast.parse((ROOT / file).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)
