"""Who judges a module: the tests of its name in tests/core, run by pytest in this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

__all__ = ["CORE", "ROOT", "QuickestFirst", "judged_by", "run_tests", "settle_chance"]

ROOT = Path(__file__).parents[2]
CORE = ROOT / "guard" / "core"

_EXAMPLES = 25


def judged_by(module: str) -> Path:
    """The file of tests that has to notice any change of this module, such as `lease` or `reports/due`."""
    *folders, name = module.split("/")
    return ROOT.joinpath("tests", "core", *folders, f"test_{name}.py")


def settle_chance() -> None:
    """Properties take the same examples for each mutant, and do not look for smaller ones."""
    settings.register_profile(
        "mutants",
        max_examples=_EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutants")


class _FewExamples:
    """A plugin for pytest: a property has fewer examples than in the tests proper, for speed."""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            test = getattr(item.obj, "__func__", item.obj)
            if before := getattr(test, "_hypothesis_internal_use_settings", None):
                few = settings(before, max_examples=min(_EXAMPLES, before.max_examples))
                test._hypothesis_internal_use_settings = few


class QuickestFirst:
    """A plugin for pytest: the tests with these ids in this order, and no others."""

    def __init__(self, tests: list[str]) -> None:
        self._place = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if item.nodeid in self._place]
        items.sort(key=lambda item: self._place[item.nodeid])


def run_tests(tests: Path, *plugins: Any) -> int:
    """Run these until one fails; 0 when all pass. Prints nothing."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    options = ["-x", "-q", "-s", "--tb=no", "--noconftest", "-p", "no:cacheprovider", "-m", "not slow"]
    places = ["-c", str(Path(__file__).with_name("pytest.ini")), f"--rootdir={ROOT}", str(tests)]
    return int(pytest.main([*options, *places], plugins=[_FewExamples(), *plugins]))
