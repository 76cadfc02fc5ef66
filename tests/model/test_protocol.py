"""The models of closing and of parking, searched to their end: what must hold holds, and each rule that is
left out is found out. See docs/model.md."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

CHECK = Path(__file__).parents[2] / "docs" / "model" / "check.py"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("guard_model_check", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check = _load()


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="needs spin and gcc")
@pytest.mark.parametrize("case", check.CASES, ids=lambda case: case.name)
def test_the_protocol(case: Any) -> None:
    found = check.search(case)
    assert check.is_as_expected(case, found), found


def test_each_rule_of_a_model_is_left_out_by_a_case() -> None:
    left_out = {flag for case in check.CASES for flag in case.flags if flag.startswith("BREAK_")}
    there = {
        word.strip("()!")
        for model in CHECK.parent.glob("*.pml")
        for line in model.read_text("utf-8").splitlines()
        if line.startswith("#if")
        for word in line.replace("defined", " ").split()
        if word.strip("()!").startswith("BREAK_")
    }
    assert left_out == there


@pytest.mark.parametrize("name", ["barrier.pml", "release.pml"])
def test_a_model_names_files_that_are_there(name: str) -> None:
    words = (CHECK.parent / name).read_text("utf-8").replace(",", " ").split()
    named = [word.rstrip(":") for word in words if word.startswith("guard/")]
    assert named
    for path in named:
        assert (CHECK.parents[2] / path).exists(), path
