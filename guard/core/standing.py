"""Where planned windows stand: the facts of one moment, and the small questions that the planner asks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.core.acts import Change, DueAct, Warn
from guard.core.durations import LONGEST_SECONDS
from guard.core.holding import Holding
from guard.core.modes import CLOSED_PHASES, Mode
from guard.core.occurrence import HOLDING, Occurrence
from guard.core.terms import AtDeadline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.core.acts import Deed
    from guard.core.generation import SessionPolicy
    from guard.core.planned import Plan, Schedule
    from guard.core.state import GuardState

__all__ = ["DueFacts", "Standing", "same_time"]

_ROUNDING = 5.0
"""A window's length is whole seconds from when it was really opened, so its end is off by so much at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFacts:
    """What is known at one moment.

    Attributes:
        schedules: all plans, cancelled ones too.
        occurrences: rows that have not ended, those of starts to come, and the last one of each schedule.
        state: of the guard.
        now: UTC seconds.
        sessions: what a window of a mode does with sessions when its plan does not say so.
        automated: the id of the window that a program holds for itself, such as the weekly optimization;
            empty when none does.
    """

    schedules: Sequence[Schedule]
    occurrences: Sequence[Occurrence]
    state: GuardState
    now: float
    sessions: Mapping[Mode, SessionPolicy] = field(default_factory=dict)
    automated: str = ""


class Standing:
    """The facts, and what follows from them at once."""

    def __init__(self, facts: DueFacts) -> None:
        self.facts = facts
        self.now = facts.now
        self.state = facts.state
        self.plans = {one.schedule_id: one.plan for one in facts.schedules}
        self.rows = [row for row in facts.occurrences if row.schedule_id in self.plans]
        self.is_open = self.state.phase in CLOSED_PHASES and self.state.mode is not None

    def in_window(self) -> list[Occurrence]:
        """Who holds the open window, in the order in which they began."""
        rows = [row for row in self.rows if row.stage in HOLDING and row.window_id == self.state.window_id]
        return sorted(rows, key=lambda row: (row.began_at or row.starts_at, row.schedule_id))

    def is_mine(self, row: Occurrence) -> bool:
        """Whether the window that a row holds is the open one."""
        return self.is_open and self.state.window_id == row.window_id

    def is_foreign_emergency(self, row: Occurrence) -> bool:
        """Whether somebody has made the window of a row an emergency, which no plan had agreed on, and which
        it was not when the plan joined it."""
        if self.state.mode is not Mode.EMERGENCY or (row.found and row.found.mode is Mode.EMERGENCY):
            return False
        wants = [one.wants for one in self.in_window()]
        return not any(one is not None and one.at_deadline is AtDeadline.ESCALATE for one in wants)

    def change_to(self, new: Holding) -> Change | None:
        """What makes the open window this; None when it is that already. The mode is never changed: no plan
        is an emergency."""
        state = self.state
        now = Holding.of(state)
        fields: dict[str, Any] = {}
        if new.scope != now.scope:
            fields["scope"] = new.scope.to_dict()
        if new.reason != now.reason:
            fields["reason"] = new.reason
        if new.sessions is not now.sessions:
            fields["sessions"] = new.sessions.value
        if new.ends_at is not None and not same_time(new.ends_at, now.ends_at):
            fields["duration"] = self._seconds(math.floor(new.ends_at - self._opened_at))
        if new.at_deadline is not now.at_deadline:
            fields["at_deadline"] = new.at_deadline.value
        if new.drain_by is not None and not same_time(new.drain_by, now.drain_by):
            fields["drain_within"] = self._seconds(math.ceil(new.drain_by - self._opened_at))
        if fields.get("duration") == state.duration:
            fields.pop("duration", None)
        return Change(epoch=state.epoch, fields=fields) if fields else None

    @property
    def _opened_at(self) -> float:
        return self.state.started_at if self.state.started_at is not None else self.now

    def _seconds(self, seconds: int) -> int:
        return min(LONGEST_SECONDS, max(1, seconds))

    def act(
        self,
        row: Occurrence,
        plan: Plan,
        what: str,
        *,
        deed: Deed | None = None,
        says: tuple[Warn, ...] = (),
        **changes: Any,
    ) -> DueAct:
        """An act that writes the next revision of a row."""
        after = row.write(self.now, **changes)
        return DueAct(by=plan.actor, what=what, before=row, after=after, deed=deed, says=says)

    def warn_once(self, row: Occurrence, plan: Plan, key: str, message: str) -> DueAct | None:
        """An alert of this kind, unless it was raised about this row before."""
        if key in row.said:
            return None
        return self.act(row, plan, key, said=(*row.said, key), says=(Warn(kind=key, message=message),))


def same_time(one: float | None, other: float | None) -> bool:
    """Whether two times are the same, but for rounding."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < _ROUNDING
