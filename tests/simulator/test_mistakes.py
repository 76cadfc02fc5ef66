"""The judge can fail: each deliberate mistake is found within a stated number of schedules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulator.apart import apart
from tests.simulator.batch import Result, run
from tests.simulator.mistakes import MISTAKES
from tests.simulator.parts import Parts


def find(name: str) -> Result:
    """Run until the mistake is found, or for as long as it may take."""
    mistake = MISTAKES[name]
    return run(mistake.first, mistake.within, mistake.parts, stop_at=mistake.promise)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if mistake.slow else name
        for name, mistake in MISTAKES.items()
    ],
)
def test_a_mistake_is_found(name: str) -> None:
    mistake = MISTAKES[name]
    result = apart(find, name)
    assert result.violations, f"{name}: not found in {mistake.within} schedules"
    print(f"{name}: found in schedule {result.schedules}: {result.violations[0]}")
    assert any(what.startswith(mistake.promise) for _, what in result.violations)


def test_parts_without_a_mistake_are_the_guards() -> None:
    """The table of mistakes changes nothing for those that come after."""
    assert replace(Parts()) == Parts()
    assert not apart(run, 0, 20).violations
