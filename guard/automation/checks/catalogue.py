"""The routines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.checks.evening_review import evening_review
from guard.automation.checks.expiry_sweep import expiry_sweep
from guard.automation.checks.morning_check import morning_check
from guard.automation.checks.performance_review import performance_review
from guard.automation.checks.security_audit import security_audit
from guard.automation.checks.session_cleanup import session_cleanup
from guard.automation.checks.weekly_optimization import weekly_optimization
from guard.automation.checks.weekly_review import weekly_review

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["ROUTINES"]

ROUTINES: dict[str, Callable[[World], RoutineResult]] = {
    "session-cleanup": session_cleanup,
    "expiry-sweep": expiry_sweep,
    "morning-check": morning_check,
    "evening-review": evening_review,
    "weekly-review": weekly_review,
    "weekly-optimization": weekly_optimization,
    "security-audit": security_audit,
    "performance-review": performance_review,
}
