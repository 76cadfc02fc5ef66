"""The table of a run, a line for each module, and survivors in the form in which they are explained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.mutants.explained import Key

__all__ = ["HEADING", "Row", "entries"]

_FIGURES = ("mutants", "killed", "timed out", "not reached", "explained", "unexplained", "stale", "seconds")
HEADING = f"{'module':20}" + "".join(f"{name:>13}" for name in _FIGURES)


@dataclass(frozen=True, kw_only=True)
class Row:
    """The figures of a module. A mutant is killed, survived, timed out or not reached by a test."""

    module: str
    mutants: int
    survived: int
    timed_out: int
    not_reached: int
    unexplained: int
    stale: int
    """Explanations that fit no survivor."""
    seconds: float

    @property
    def killed(self) -> int:
        """How many a failing test has found."""
        return self.mutants - self.survived - self.timed_out - self.not_reached

    @property
    def explained(self) -> int:
        """How many of the others have a reason."""
        return self.mutants - self.killed - self.unexplained

    def __str__(self) -> str:
        tried = (self.mutants, self.killed, self.timed_out, self.not_reached)
        left = (self.explained, self.unexplained, self.stale, round(self.seconds))
        return f"{self.module:20}" + "".join(f"{figure:>13}" for figure in (*tried, *left))

    @classmethod
    def total(cls, rows: Sequence[Row]) -> Row:
        """The sums."""
        return cls(
            module="all",
            mutants=sum(row.mutants for row in rows),
            survived=sum(row.survived for row in rows),
            timed_out=sum(row.timed_out for row in rows),
            not_reached=sum(row.not_reached for row in rows),
            unexplained=sum(row.unexplained for row in rows),
            stale=sum(row.stale for row in rows),
            seconds=sum(row.seconds for row in rows),
        )


def entries(keys: Sequence[Key]) -> str:
    """Entries for tests/mutants/explained, but for the reasons; one for all changes of the same lines."""
    changes: dict[tuple[str, str], list[str]] = {}
    for function, line, becomes in keys:
        changes.setdefault((function, line), []).append(becomes)
    return "\n\n".join(_entry(function, line, becomes) for (function, line), becomes in changes.items())


def _entry(function: str, line: str, becomes: list[str]) -> str:
    several = "".join(f"  {_quoted(each)},\n" for each in becomes)
    one = _quoted(becomes[0]) if len(becomes) == 1 else f"[\n{several}]"
    return f'[[explained]]\nfunction = {_quoted(function)}\nline = {_quoted(line)}\nbecomes = {one}\nwhy = ""'


def _quoted(text: str) -> str:
    """Text for TOML: in single quotes as it is, unless it has such itself."""
    return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"
