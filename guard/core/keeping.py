"""How planned windows hold a window: opening it, joining one that is open, letting go of it.

What a row says and the guard has not been told is told here.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from guard.core.acts import Change, DueAct, End, Open, Warn
from guard.core.durations import LONGEST_SECONDS
from guard.core.holding import Holding, joined
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage
from guard.core.standing import same_time
from guard.core.terms import AtDeadline

if TYPE_CHECKING:
    from guard.core.ending import Ending
    from guard.core.planned import Plan
    from guard.core.standing import Standing

__all__ = ["Keeping"]


class Keeping:
    """What the guard is still to be told."""

    def __init__(self, standing: Standing, ending: Ending) -> None:
        self._standing = standing
        self._ending = ending

    def tell(self, row: Occurrence, plan: Plan) -> DueAct | None:
        if (
            row.stage is Stage.LEADING
            and row.starts_at <= self._standing.now
            and not self._standing.is_mine(row)
        ):
            return None  # its start has come: it begins, or was missed
        if row.stage is Stage.ENDING:
            return self._let_go(row, plan)
        return self._hold(row, plan)

    def _hold(self, row: Occurrence, plan: Plan) -> DueAct:
        """Open its window, or make the open one what it is to be now."""
        state = self._standing.state
        if self._standing.is_mine(row):
            deed = self._join(row) if row.stage is Stage.OPEN else None
            return self._standing.act(row, plan, "holds", told=True, deed=deed)
        is_over = state.window_id == row.window_id
        if is_over and row.window_id == row.own_window_id:
            return self._ending.ended_by_others(row, plan)
        if self._standing.is_open or is_over or row.window_id != row.own_window_id:
            # The window that it was to join has ended, or another has come: decide anew.
            return self._standing.act(
                row, plan, "decided anew", stage=Stage.EXPECTED, told=True, window_id="", wants=None
            )
        assert row.wants is not None  # noqa: S101 - it is written with the stage
        left = (row.ends_at or self._standing.now) - self._standing.now
        if left < 1:
            message = (
                f"planned window {plan.name!r} of {plan.says(row.starts_at)} could not be opened in its time"
            )
            says = (Warn(kind="planned window missed", message=message),)
            return self._standing.act(
                row, plan, "missed", stage=Stage.MISSED, told=True, note="missed", says=says
            )
        drain_by = row.wants.drain_by
        opening = Open(
            window_id=row.window_id,
            wants=row.wants,
            duration=min(LONGEST_SECONDS, math.floor(left)),
            drain_within=max(1, math.ceil(drain_by - self._standing.now)) if drain_by is not None else None,
        )
        return self._standing.act(row, plan, "opens", told=True, deed=opening)

    def _join(self, row: Occurrence) -> Change | None:
        """What must change so that the open window is the union of what it is and what this one wants."""
        state, wants = self._standing.state, row.wants
        assert wants is not None  # noqa: S101 - it is written with the stage
        now = Holding.of(state)
        if state.terms.scope.crossing is not None:
            # Only a look-ahead held it, which gives way to what was looked ahead to.
            scope = state.terms.scope if state.mode is Mode.EMERGENCY else wants.scope
            return self._standing.change_to(
                replace(wants, scope=scope, sessions=joined((now, wants)).sessions)
            )
        new = joined((now, wants))
        if state.mode is Mode.EMERGENCY:
            new = replace(new, scope=now.scope)
        return self._standing.change_to(new)

    def _let_go(self, row: Occurrence, plan: Plan) -> DueAct:
        """The window is what the others want of it; without others it ends."""
        if not self._standing.is_mine(row):
            return self._ending.ended_by_others(row, plan, note=row.note)
        state = self._standing.state
        window = self._standing.in_window()
        held = [(one.stage, one.wants) for one in window if one.wants is not None and not _is_lead(one)]
        staying = [wants for stage, wants in held if stage is Stage.OPEN]
        leads = [one.wants for one in window if one.stage is Stage.LEADING and one.wants]
        found = [row.found] if row.found is not None else []
        is_foreign = self._standing.is_foreign_emergency(row)
        lets_go = partial(self._standing.act, row, plan, told=True, ended_at=self._standing.now)
        if staying or found:
            was = joined([*found, *(wants for _, wants in held)])
            smaller = self._ease(joined([*found, *staying]), was=was)
            return lets_go("lets go", stage=Stage.OVER, deed=None if is_foreign else smaller)
        if leads and state.mode is not Mode.EMERGENCY:
            lead = replace(leads[0], drain_by=None, at_deadline=AtDeadline.WAIT)
            return lets_go("lets go", stage=Stage.OVER, deed=self._standing.change_to(lead))
        if is_foreign:
            return self._ending.leave(row, plan)
        end = End(epoch=state.epoch, unverified=state.terms.verify and state.phase is not Phase.VERIFYING)
        return lets_go("ends", stage=Stage.RELEASING, deed=end)

    def _ease(self, new: Holding, *, was: Holding) -> Change | None:
        """From one union to a smaller one. What is not as it was left was changed by a person, and stays."""
        now = Holding.of(self._standing.state)
        ends_at = new.ends_at if same_time(now.ends_at, was.ends_at) else now.ends_at
        is_ours = now.at_deadline is was.at_deadline and same_time(now.drain_by, was.drain_by)
        drain = new if is_ours else now
        return self._standing.change_to(
            replace(
                now,
                scope=new.scope if now.scope == was.scope else now.scope,
                reason=new.reason if now.reason == was.reason else now.reason,
                sessions=new.sessions if now.sessions is was.sessions else now.sessions,
                ends_at=ends_at,
                drain_by=drain.drain_by,
                at_deadline=drain.at_deadline,
            )
        )


def _is_lead(row: Occurrence) -> bool:
    return row.wants is not None and row.wants.scope.crossing is not None
