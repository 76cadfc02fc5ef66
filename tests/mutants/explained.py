"""The mutants that no test can notice, each with the reason: one file per module in tests/mutants/explained,
in folders as the modules are.

    [[explained]]
    function = "judge"                  # `function`, `Class.method`, `Class` or `<module>`
    line = "the lines as they are"      # several lines are written as one
    becomes = "the lines as they were changed"      # or a list of those, if the reason is the same
    why = "In one sentence."

Nothing in it is a number of a line or of a mutant, which would move.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.mutants.mutant import Mutant

__all__ = ["FOLDER", "Key", "read_explanations", "unexplained", "without_mutant"]

FOLDER = Path(__file__).with_name("explained")

type_of = {"function": str, "line": str, "becomes": (str, list), "why": str}

Key = tuple[str, str, str]
"""Function, lines, what they became."""


def read_explanations(file: Path) -> dict[Key, str]:
    """The reasons of one module; none when there is no such file.

    Raises:
        ValueError: naming the entry that is not in the form above, or that is there twice.
    """
    if not file.exists():
        return {}
    read = tomllib.loads(file.read_text(encoding="utf-8"))
    if set(read) != {"explained"}:
        raise ValueError(f"{file.name}: only [[explained]] is known")
    keys: list[Key] = []
    reasons: dict[Key, str] = {}
    for entry in read["explained"]:
        if set(entry) != set(type_of) or not all(isinstance(entry[key], type_of[key]) for key in entry):
            raise ValueError(f"{file.name}: needs function, line, becomes and why: {entry}")
        if len(entry["why"].split()) < 4:
            raise ValueError(f"{file.name}: {entry['line']!r} is not explained by {entry['why']!r}")
        becomes = [entry["becomes"]] if isinstance(entry["becomes"], str) else entry["becomes"]
        keys += [(entry["function"], entry["line"], each) for each in becomes]
        reasons |= dict.fromkeys(keys, entry["why"]) | reasons
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise ValueError(f"{file.name}: explained twice: {twice[0]}")
    return reasons


def unexplained(survivors: Iterable[Mutant], reasons: dict[Key, str]) -> list[Mutant]:
    """The survivors that nobody has explained."""
    return [mutant for mutant in survivors if mutant.key not in reasons]


def without_mutant(survivors: Iterable[Mutant], reasons: dict[Key, str]) -> list[Key]:
    """The reasons whose mutant is killed by now, or is not made any more."""
    there = {mutant.key for mutant in survivors}
    return [key for key in reasons if key not in there]
