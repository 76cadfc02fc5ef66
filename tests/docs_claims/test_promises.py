"""docs/promises.md and the other pages of claims: what they name exists, figures are what was measured."""

from __future__ import annotations

import ast
import gc
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISES = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
BENCHMARKS = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").splitlines()
PAGES = ["promises.md", "security.md", "upgrading.md", "comparison.md"]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`(?: \(([^)]*)\))?")
FILE = re.compile(r"`((?:guard|tests|docs|docker|benchmarks)/[\w/.-]+)`")
LINK = re.compile(r"\]\(([\w./-]+\.md)(?:#([\w-]+))?\)")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _parsed(text: str) -> ast.Module:
    """CPython before 3.11.5 may miscount while it does this, when the collector runs in the middle."""
    gc.collect()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()


@cache
def found_in(path: str) -> dict[str, str]:
    """Each test of a file: how much of it is slow, ``slow``, ``most slow`` or nothing."""
    tree = _parsed((ROOT / path).read_text(encoding="utf-8"))
    found = {}
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.name.startswith("test_"):
            continue
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        if any(mark.startswith("pytest.mark.slow") for mark in marks):
            found[node.name] = "slow"
        else:
            found[node.name] = "most slow" if any("mark.slow" in mark for mark in marks) else ""
    return found


def sections() -> dict[str, str]:
    """P1 to P12 and the text of each."""
    parts = re.split(r"^## (P\d+) .*$", PROMISES, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_promise_is_there_with_all_its_parts() -> None:
    assert list(sections()) == [f"P{number}" for number in range(1, 13)]
    for name, text in sections().items():
        for part in ("Rests on", "Kept by", "Shown by", "Measured", "Not promised"):
            assert f"**{part}**" in text, f"{name} says nothing of: {part}"
        assert TEST.search(text), f"{name} names no test"
        assert FILE.search(text), f"{name} names no file"


@pytest.mark.parametrize("name", PAGES)
def test_tests_that_are_named_exist_and_are_as_slow_as_is_said(name: str) -> None:
    for path, test, said in TEST.findall(page(name)):
        assert (ROOT / path).exists(), f"{name}: {path}"
        known = found_in(path)
        assert test in known, f"{name}: {path}::{test}"
        if known[test]:
            assert said in {known[test], "most slow"}, f"{name}: {test} is {known[test]}"


@pytest.mark.parametrize("name", PAGES)
def test_files_and_pages_that_are_named_exist(name: str) -> None:
    for path in FILE.findall(page(name)):
        assert (ROOT / path).exists(), f"{name}: {path}"
    for target, anchor in LINK.findall(page(name)):
        text = page(target)
        anchors = {_anchor(line) for line in text.splitlines() if line.startswith("#")}
        assert not anchor or anchor in anchors, f"{name}: {target}#{anchor}"


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\s-]", "", heading.lstrip("#").strip().lower())
    return re.sub(r"\s", "-", kept)


def rows(text: str) -> list[str]:
    """The rows of tables with figures."""
    lines = text.splitlines()
    return [
        line
        for line in lines
        if line.startswith("| ") and line.count("|") == 7 and not line.startswith(("| |", "|--"))
    ]


@pytest.mark.parametrize("name", ["promises.md", "comparison.md"])
def test_every_figure_is_a_row_of_the_benchmarks(name: str) -> None:
    found = rows(page(name))
    assert found
    for row in found:
        assert row in BENCHMARKS, f"{name}: not in docs/benchmarks.md: {row}"
