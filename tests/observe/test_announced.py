"""Each named event is announced somewhere; docs/events.md has the catalogue's table."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from guard.core.named_events import EventName

ROOT = Path(__file__).parents[2]
TOLD_ELSEWHERE = {ROOT / "guard" / "core" / "state_events.py"}
"""Where events are decided as data, which `guard.orchestrator.changes` then announces."""


def _announced() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "guard").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        if path in TOLD_ELSEWHERE:
            found |= {name for node in ast.walk(tree) if (name := _named(node))}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_announcing(node.func) and node.args:
                found |= {name for name in [_named(node.args[0])] if name}
    return found


def _is_announcing(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"announce", "_announce"}


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "EventName":
        return node.attr
    return ""


ANNOUNCED = _announced()


@pytest.mark.parametrize("name", [name.name for name in EventName])
def test_each_is_announced_somewhere(name: str) -> None:
    assert name in ANNOUNCED


def test_the_docs_have_the_catalogue() -> None:
    check = [sys.executable, str(ROOT / "docs" / "event_table.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
