"""The trials find what a test misses, and only that."""

from __future__ import annotations

import gc
import importlib
import sys
import weakref
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.mutants import reach
from tests.mutants.judge import ROOT, judged_by
from tests.mutants.mutant import Mutant
from tests.mutants.trial import Fate, fates

if TYPE_CHECKING:
    from pathlib import Path

# a worker of xdist has threads; what is forked here touches nothing of theirs
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

_MODULE = dedent("""
    LEAST = 1
    TABLE = {"a": LEAST}

    class Box:
        def __init__(self, size):
            self.size = size

        @property
        def full(self):
            return self.size > LEAST

    def never():
        return 2
""")
_TESTS = dedent("""
    from {package}.boxes import TABLE, Box

    def test_full():
        assert Box(3).full
        assert TABLE["a"]
""")


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A package with a module, and its tests, which are not good ones."""
    (tmp_path / "toy_house").mkdir()
    (tmp_path / "toy_house" / "__init__.py").touch()
    (tmp_path / "toy_house" / "boxes.py").write_text(_MODULE)
    (tmp_path / "test_boxes.py").write_text(_TESTS.format(package="toy_house"))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "test_boxes.py"


def test_what_a_test_notices_is_killed_and_the_rest_survives(tests: Path) -> None:
    full, missed = "self.size > LEAST", "self.size >= LEAST"
    mutants = [
        _mutant("Box.full", full, "self.size < LEAST"),
        _mutant("Box.full", full, missed),
        _mutant("Box.__init__", "= size", "= None"),
        _mutant("<module>", '"a": LEAST', "", at_call=False),
        _mutant("<module>", "LEAST = 1", "LEAST = 2", at_call=False),
        _mutant("never", "return 2", "return 3"),
    ]
    assert _fates(mutants, tests) == [
        Fate.KILLED,
        Fate.SURVIVED,
        Fate.KILLED,
        Fate.KILLED,
        Fate.SURVIVED,
        Fate.NOT_REACHED,
    ]


def test_a_test_that_takes_many_seconds_is_left_and_judges_nothing(
    tests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_LONGEST", 0.2)
    endless = "def test_never():\n    while Box(3).full:\n        never()\n"
    tests.write_text(f"from toy_house.boxes import never\n{tests.read_text()}\n{endless}")
    mutants = [
        _mutant("Box.full", "self.size > LEAST", "self.size < LEAST"),
        _mutant("never", "return 2", "return 3"),
    ]
    assert _fates(mutants, tests) == [Fate.KILLED, Fate.NOT_REACHED]


@pytest.mark.slow
def test_a_mutant_that_loops_is_ended(tests: Path) -> None:
    loops = _mutant("Box.full", "return self.size > LEAST", "while True: pass")
    assert _fates([loops], tests) == [Fate.TIMED_OUT]


def test_a_module_in_a_folder_is_judged_by_tests_in_a_folder_of_that_name() -> None:
    assert judged_by("reports/due") == ROOT / "tests" / "core" / "reports" / "test_due.py"
    assert judged_by("due") == ROOT / "tests" / "core" / "test_due.py"


def test_tests_that_fail_without_a_change_judge_nothing(tests: Path) -> None:
    tests.write_text("def test_wrong():\n    assert False\n")
    with pytest.raises(RuntimeError, match="before anything was changed"):
        _fates([], tests)


def _fates(mutants: list[Mutant], tests: Path) -> list[Fate]:
    return fates("toy_house", tests.parent / "toy_house" / "boxes.py", mutants, tests)


def _mutant(function: str, before: str, after: str, *, at_call: bool = True) -> Mutant:
    assert _MODULE.count(before) == 1
    return Mutant("boxes", function, _MODULE, _MODULE.replace(before, after), at_call=at_call)


def test_a_module_that_is_here_already_is_imported_anew(tests: Path) -> None:
    importlib.import_module("toy_house.boxes")
    try:
        assert _fates([_mutant("<module>", '"a": LEAST', "", at_call=False)], tests) == [Fate.KILLED]
    finally:
        for name in ("toy_house.boxes", "toy_house"):
            del sys.modules[name]


class _Litter:
    """Complains when it is collected, in whichever process that happens."""

    def __init__(self) -> None:
        self.itself: _Litter | None = self

    def __del__(self) -> None:
        if self.itself:
            raise ValueError("litter of an earlier test")


def test_what_this_process_has_not_collected_yet_is_no_fault_of_the_tests(tests: Path) -> None:
    gc.disable()
    try:
        litter = weakref.ref(_Litter())
        assert _fates([_mutant("Box.__init__", "= size", "= None")], tests) == [Fate.KILLED]
        if found := litter():
            found.itself = None
    finally:
        gc.enable()
