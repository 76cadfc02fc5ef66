"""The list of explained survivors is well formed and about lines that are there. No mutant is tried here."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.mutants.explained import FOLDER, read_explanations, unexplained, without_mutant
from tests.mutants.judge import CORE, judged_by
from tests.mutants.mutant import Mutant, flat

if TYPE_CHECKING:
    from pathlib import Path

_FILES = sorted(FOLDER.rglob("*.toml"))
_MODULE = "def judge(a):\n    return a > 1\n"


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_each_explanation_is_about_lines_of_its_module(file: Path) -> None:
    module = file.relative_to(FOLDER).with_suffix("").as_posix()
    text = (CORE / f"{module}.py").read_text()
    assert judged_by(module).exists()
    bodies = _bodies(text)
    for function, line, becomes in read_explanations(file):
        assert function in bodies, f"{file.stem} has no {function}"
        assert line in bodies[function], f"{function} in {file.stem} has no {line!r}"
        assert line != becomes


def _bodies(text: str) -> dict[str, str]:
    """The text of the module, of each class and each function that is not in another."""
    lines = text.splitlines()
    found = {"<module>": flat(lines)}

    def add(nodes: list[ast.stmt], before: str) -> None:
        for node in nodes:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                found[before + node.name] = flat(lines[node.lineno - 1 : node.end_lineno])
                if isinstance(node, ast.ClassDef):
                    add(node.body, f"{before}{node.name}.")

    add(ast.parse(text).body, "")
    return found


def test_a_mutant_is_known_by_its_lines_wherever_they_move() -> None:
    mutant = Mutant("m", "judge", _MODULE, _MODULE.replace(">", ">="), at_call=True)
    moved = Mutant("m", "judge", f"\n{_MODULE}", "\n" + _MODULE.replace(">", ">="), at_call=True)
    assert mutant.key == moved.key == ("judge", "return a > 1", "return a >= 1")
    assert (mutant.line, moved.line) == (2, 3)


def test_a_line_that_goes_away_becomes_nothing() -> None:
    mutant = Mutant(
        "m", "<module>", "A = {\n    1: 2,\n    3: 4,\n}\n", "A = {\n    1: 2,\n}\n", at_call=False
    )
    assert mutant.key == ("<module>", "3: 4,", "")


def test_survivors_and_explanations_are_held_against_each_other(tmp_path: Path) -> None:
    survivors = [
        Mutant("m", "judge", _MODULE, _MODULE.replace("> 1", new), at_call=True) for new in (">= 1", "> 2")
    ]
    (tmp_path / "m.toml").write_text(_entry(becomes='["return a >= 1", "return a < 1"]'))
    reasons = read_explanations(tmp_path / "m.toml")
    assert unexplained(survivors, reasons) == [survivors[1]]
    assert without_mutant(survivors, reasons) == [("judge", "return a > 1", "return a < 1")]
    assert set(reasons.values()) == {"nobody asks for one"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[explain]]\nwhy = "a word is wrong here"', "only"),
        ('[[explained]]\nfunction = "judge"', "needs"),
        ("{entry}\n{entry}", "twice"),
        ("{trite}", "not explained by 'equivalent'"),
    ],
)
def test_an_explanation_that_says_nothing_is_refused(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(text.format(entry=_entry(), trite=_entry(why="equivalent")))
    with pytest.raises(ValueError, match=named):
        read_explanations(tmp_path / "m.toml")


def _entry(becomes: str = '"return a >= 1"', why: str = "nobody asks for one") -> str:
    return f'[[explained]]\nfunction = "judge"\nline = "return a > 1"\nbecomes = {becomes}\nwhy = "{why}"\n'
