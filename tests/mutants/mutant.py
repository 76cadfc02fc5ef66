"""A mutant: the text of a module with one thing changed; its name outlives other edits of the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

__all__ = ["Mutant", "flat"]


@dataclass(frozen=True)
class Mutant:
    """One changed module.

    Attributes:
        module: name of the module within its package.
        function: `function` or `Class.method`, the outermost one; in the body of a class its name; else
            `<module>`.
        original: the text of the module.
        changed: the same with one change.
        at_call: whether the change takes effect when the function is called, not when the module is
            imported.
    """

    module: str
    function: str
    original: str
    changed: str
    at_call: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """Function, the lines that changed, and what they became."""
        return self.function, *self.difference

    @cached_property
    def line(self) -> int:
        """Number of the first line that differs, from 1."""
        lines = zip(self.original.splitlines(), self.changed.splitlines(), strict=False)
        return next(n for n, (before, after) in enumerate([*lines, ("", None)], 1) if before != after)

    @cached_property
    def difference(self) -> tuple[str, str]:
        """The lines that differ, before and after, each as one line."""
        before, after = self.original.splitlines(), self.changed.splitlines()
        start = self.line - 1
        end = 0
        while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
            end += 1
        return flat(before[start : len(before) - end]), flat(after[start : len(after) - end])


def flat(lines: list[str]) -> str:
    """Lines as one, without what only lays them out."""
    return " ".join(line.strip() for line in lines if line.strip())
