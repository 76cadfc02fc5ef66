"""All scenarios; each module has one or two."""

from __future__ import annotations

from tests.commands.scenarios.window import WINDOW

__all__ = ["SCENARIOS"]

SCENARIOS = (WINDOW,)
