"""Which documents' commands are run, and the tables that say how."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.commands.reading import Shown, read
from tests.commands.scenarios import SCENARIOS

if TYPE_CHECKING:
    from tests.commands.steps import Step

__all__ = ["DOCUMENTS", "STEPS", "all_shown", "outputs_of"]

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md", "docs/cli.md", "docs/operating*.md", "docs/runbook.md", "docs/troubleshooting.md",
    "docs/health-and-alerts.md", "docs/quickstart.md", "docs/deployment.md",
)  # fmt: skip
"""Patterns, below the repository's folder. A document that is not there has no commands."""
STEPS: tuple[Step, ...] = tuple(step for scenario in SCENARIOS for step in scenario.steps)


@cache
def all_shown() -> tuple[Shown, ...]:
    """Every command of every document."""
    paths = [path for pattern in DOCUMENTS for path in sorted(ROOT.glob(pattern))]
    return tuple(shown for path in paths for shown in read(path, str(path.relative_to(ROOT))))


def outputs_of(key: str) -> list[Shown]:
    """Where documents show what this command prints."""
    return [shown for shown in all_shown() if shown.key == key and shown.output]
