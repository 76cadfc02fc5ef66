"""All scenarios; a module has those that belong together."""

from __future__ import annotations

from tests.commands.scenarios.emergency import EMERGENCY, ISOLATED
from tests.commands.scenarios.watching import DIAGNOSIS, KEEPING, PLANS, ROUTINES, SERVERS
from tests.commands.scenarios.window import QUICKSTART, RELEASE, WINDOW

__all__ = ["SCENARIOS"]

SCENARIOS = (WINDOW, RELEASE, QUICKSTART, EMERGENCY, ISOLATED, DIAGNOSIS, ROUTINES, KEEPING, PLANS, SERVERS)
