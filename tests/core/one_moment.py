"""One moment of the planner: a window that is open, plans, and the rows of their starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.holding import Holding
from guard.core.modes import Mode
from guard.core.occurrence import Occurrence, Stage
from guard.core.planned import Plan, Schedule
from guard.core.planning import PlanRequest, check_plan
from guard.core.standing import DueFacts, Standing
from guard.core.state import GuardState

__all__ = ["NOW", "PLAN", "STATE", "WANTS", "row", "standing"]

NOW = 1_800_000_000.0
"""2027-01-15 08:00 UTC: the window opened."""
STATE: GuardState = changes.close(
    GuardState.first("store", NOW),
    WindowRequest.check(mode="normal", reason="why", duration=600, by="ops"),
    window_id="w",
    now=NOW,
)
PLAN: Plan = check_plan(
    PlanRequest(name="weekly", reason="why", by="ops", at="2027-06-01 02:00", zone="UTC", duration=600),
    now=NOW,
)
WANTS = Holding(mode=Mode.NORMAL, reason="why", ends_at=NOW + 600)


def row(**changed: Any) -> Occurrence:
    """A start of schedule ``a`` that holds the window, unless said otherwise."""
    usual = {"schedule_id": "a", "starts_at": NOW, "stage": Stage.OPEN, "window_id": "w", "wants": WANTS}
    return Occurrence(**(usual | changed))


def standing(state: GuardState = STATE, *rows: Occurrence, now: float = NOW + 60, **plan: Any) -> Standing:
    """The facts at a time, with the plans ``a`` and ``b``, changed so."""
    schedules = [
        Schedule(schedule_id=name, revision=1, plan=replace(PLAN, **plan), changed_at=NOW, changed_by="ops")
        for name in "ab"
    ]
    return Standing(DueFacts(schedules=schedules, occurrences=rows, state=state, now=now))
