"""Which lines of a module each of its tests reaches, and how long the test takes."""

from __future__ import annotations

import ast
import signal
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Survey", "Tracer"]

_LONGEST = 2.0
"""Seconds of the processor for a test while its lines are traced, several times those that it takes
otherwise. One that takes longer is left there."""


@dataclass(frozen=True)
class Survey:
    """What each test of a module reaches without any change.

    Attributes:
        text: the module.
        seconds: of each test, by its id of pytest.
        lines: of the module, that each test runs; under the empty name those that run on import.
    """

    text: str
    seconds: dict[str, float]
    lines: dict[str, list[int]]

    @cached_property
    def _statements(self) -> dict[str, set[int]]:
        return {test: _whole_statements(self.text, set(lines)) for test, lines in self.lines.items()}

    @property
    def tests(self) -> list[str]:
        """The tests, the quickest first; without those of many seconds, which would make survivors costly."""
        brief = [test for test, seconds in self.seconds.items() if seconds <= _LONGEST]
        return sorted(brief, key=lambda test: self.seconds[test])

    def reaching(self, line: int) -> list[str]:
        """The tests that reach the statement on this line, the quickest first."""
        return [test for test in self.tests if line in self._statements[test]]

    def on_import(self, line: int) -> bool:
        """Whether the statement on this line already runs when the tests are imported."""
        return line in self._statements[""]


class Tracer:
    """A plugin for pytest that collects the figures of a `Survey` of one file."""

    def __init__(self, file: str) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, set[int]] = {"": set()}
        self._now = self.lines[""]
        self._file = file

    def pytest_configure(self, config: pytest.Config) -> None:
        # `_left` may come while Python closes a generator, which is no fault of the test
        config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")
        signal.signal(signal.SIGPROF, _left)
        sys.settrace(self._call)

    def pytest_unconfigure(self) -> None:
        sys.settrace(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: Any) -> Iterator[None]:
        self._now = self.lines.setdefault(item.nodeid, set())
        sys.settrace(self._call)  # anew: where a test leaves no room on the stack Python gives up tracing
        started = time.process_time()
        # Again after a while: what is raised where Python cleans up is lost. Not at once, when pytest
        # may be about to note the first one.
        signal.setitimer(signal.ITIMER_PROF, _LONGEST + 0.1, 1.0)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.seconds[item.nodeid] = time.process_time() - started

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename == self._file else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self._now.add(frame.f_lineno)
        return self._line


def _left(signal_number: int, frame: FrameType | None) -> None:
    pytest.skip("too long to judge")


def _whole_statements(text: str, lines: set[int]) -> set[int]:
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
