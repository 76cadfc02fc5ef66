"""Which lines of a module its tests reach at all."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Reached", "whole_statements"]


class Reached:
    """Collects the lines of one file that run while the block runs."""

    def __init__(self, file: str) -> None:
        self.lines: set[int] = set()
        self._file = file

    def __enter__(self) -> Reached:
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename == self._file else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.lines.add(frame.f_lineno)
        return self._line


def whole_statements(text: str, lines: set[int]) -> set[int]:
    """All lines of the statements of which a line was reached: constants on lines of their own do not show.

    Of a statement that has others in it only the head counts.
    """
    found = set(lines)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            inner = getattr(node, "body", None)
            end = inner[0].lineno - 1 if inner else node.end_lineno or node.lineno
            extent = range(node.lineno, max(node.lineno, end) + 1)
            if lines.intersection(extent):
                found.update(extent)
    return found
