"""The layers of the code, as the import contract in pyproject.toml has them, and what each package is for."""

from __future__ import annotations

import ast
import tomllib
from functools import cache

from generators.markdown import cell, code, table
from generators.places import ROOT
from generators.svg import Drawing

__all__ = ["layers_drawn", "layers_table"]

_WIDTH, _ROW, _STEP = 760, 30, 42
_CONTRACT = "guard is layered"


@cache
def _layers() -> list[list[str]]:
    """From the top: each row imports only rows below it, and its own packages do not know each other."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    rows = next(one["layers"] for one in contracts if one["name"].startswith(_CONTRACT))
    found = [[name.strip("() ") for name in row.split("|")] for row in rows]
    return [[name for name in row if _file(name) is not None] for row in found]


def _file(name: str) -> str | None:
    for path in (f"guard/{name}/__init__.py", f"guard/{name}.py"):
        if (ROOT / path).is_file():
            return path
    return None


def layers_drawn() -> str:
    """The picture."""
    rows = _layers()
    told = "From the top, each line imports only lines below it: " + "; ".join(", ".join(row) for row in rows)
    drawing = Drawing(_WIDTH, _STEP * len(rows) + 56, title="Layers of the code", told=told + ".")
    for number, row in enumerate(rows):
        y = 16 + number * _STEP
        width = (_WIDTH - 2 * 16 - 10 * (len(row) - 1)) / len(row)
        for place, name in enumerate(row):
            tone = {"core": "good", "gates": "gate", "store": "store"}.get(name, "plain")
            drawing.box(16 + place * (width + 10), y, width, _ROW, name, tone=tone)
    bottom = 16 + len(rows) * _STEP
    drawing.words(
        _WIDTH / 2,
        bottom + 18,
        "A line imports only lines below it. Those on one line do not know each other.",
    )
    return drawing.text()


def layers_table() -> str:
    """What each package is for: the first sentence of its docstring."""
    rows = []
    for row in _layers():
        for name in row:
            doc = ast.get_docstring(ast.parse((ROOT / str(_file(name))).read_text("utf-8"))) or ""
            rows.append((code(f"guard.{name}"), cell(doc.split("\n\n")[0])))
    return table(("package", "what it is for"), rows)
