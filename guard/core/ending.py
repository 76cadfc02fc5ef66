"""How planned windows end: by themselves, later than planned, by others, or not at all."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.acts import DueAct, Warn
from guard.core.alerts import Severity
from guard.core.holding import Holding
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage
from guard.core.standing import same_time

if TYPE_CHECKING:
    from guard.core.planned import Plan
    from guard.core.standing import Standing

__all__ = ["Ending"]

_RELEASE_SECONDS = 600
_BY_POLICY = "guard"
"""Who is named where the policy of a drain has ended a window."""


class Ending:
    """What is due for windows that have begun."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def go_on(self, row: Occurrence, plan: Plan) -> DueAct | None:
        if row.stage is Stage.RELEASING:
            return self._watch_release(row, plan)
        if row.stage not in {Stage.LEADING, Stage.OPEN}:
            return None
        if not self._standing.is_mine(row):
            return self.ended_by_others(row, plan)
        if row.stage is Stage.LEADING:
            return None  # `_starts_of` begins it, or withdraws it
        return self._end(row, plan) if row.ends_at is not None and self._standing.now >= row.ends_at else None

    def _end(self, row: Occurrence, plan: Plan) -> DueAct | None:
        """Its planned end has come."""
        window = self._standing.in_window()
        is_alone = row.found is None and not any(one.stage is Stage.OPEN and one is not row for one in window)
        moved = self._standing.state.planned_end
        if (
            is_alone
            and moved is not None
            and moved > self._standing.now
            and not same_time(moved, row.ends_at)
        ):
            return None  # a person has moved the end
        if is_alone and self._standing.is_foreign_emergency(row):
            return self.leave(row, plan)
        if not plan.auto_end:
            message = f"the planned end of {plan.name!r} has come; it was agreed that a person ends it"
            return self._standing.warn_once(row, plan, "planned end", message)
        left = self._unfinished()
        if left and (extended := self._extend(row, plan, left)) is not None:
            return extended
        says: tuple[Warn, ...] = ()
        if left:
            message = f"planned window {plan.name!r} ends as planned although {left}: jobs go back"
            says = (Warn(kind="planned window unfinished", message=message),)
        return self._standing.act(
            row, plan, "its end has come", stage=Stage.ENDING, told=False, note=left, says=says
        )

    def _unfinished(self) -> str:
        """What is not done yet, in words; empty when all is."""
        state = self._standing.state
        if state.mode is Mode.TEST:
            return ""
        if state.phase in {Phase.CLOSING, Phase.DRAINING}:
            return "its workers are not drained"
        if state.phase is Phase.VERIFYING:
            return "it is still being verified"
        return "nobody has verified it" if state.terms.verify else ""

    def _extend(self, row: Occurrence, plan: Plan, left: str) -> DueAct | None:
        if not plan.extend_by:
            return None
        assert row.wants is not None  # noqa: S101 - its end is among what it wants
        assert row.ends_at is not None  # noqa: S101 - it has come
        times = math.floor((self._standing.now - row.ends_at) / plan.extend_by) + 1
        if row.extensions + times > plan.max_extensions:
            return None
        ends_at = row.ends_at + times * plan.extend_by
        message = f"planned window {plan.name!r} is extended to {plan.says(ends_at)}: {left}"
        now = Holding.of(self._standing.state)
        longer = ends_at if now.ends_at is None else max(ends_at, now.ends_at)
        return self._standing.act(
            row,
            plan,
            "extended",
            deed=self._standing.change_to(replace(now, ends_at=longer)),
            wants=replace(row.wants, ends_at=ends_at),
            extensions=row.extensions + times,
            says=(Warn(kind="planned window extended", message=message, severity=Severity.INFO),),
        )

    def _watch_release(self, row: Occurrence, plan: Plan) -> DueAct | None:
        if self._standing.state.window_id != row.window_id or self._standing.state.phase is Phase.INACTIVE:
            return self._standing.act(row, plan, "over", stage=Stage.OVER)
        if self._standing.now - (row.ended_at or self._standing.now) < _RELEASE_SECONDS:
            return None
        message = (
            f"planned window {plan.name!r} has ended, and not all of its parked jobs have gone back since: "
            "see `maintenance parked`"
        )
        return self._standing.warn_once(row, plan, "release stays", message)

    def ended_by_others(self, row: Occurrence, plan: Plan, note: str = "") -> DueAct:
        """A person, or the policy of its drain, has ended the window that it held."""
        state = self._standing.state
        is_last = state.window_id == row.window_id
        if row.stage is Stage.LEADING:  # it was the look-ahead alone: the window itself still begins
            return self._standing.act(
                row,
                plan,
                "look-ahead ended",
                stage=Stage.EXPECTED,
                told=True,
                window_id="",
                wants=None,
                attempt=row.attempt + (row.window_id == row.own_window_id),
                leads=False,
            )
        says: tuple[Warn, ...] = ()
        if not note:
            note = f"ended by {state.by}" if is_last else "ended, and another window has begun"
        if is_last and state.by == _BY_POLICY and row.stage is Stage.OPEN:
            note = "ended because its drain missed its deadline"
            message = f"planned window {plan.name!r} was {note}, as agreed: nothing was forced, jobs go back"
            says = (Warn(kind="drain missed its deadline", message=message),)
        stage = Stage.RELEASING if is_last and state.phase is Phase.RELEASING else Stage.OVER
        return self._standing.act(
            row,
            plan,
            "ended by others",
            stage=stage,
            told=True,
            ended_at=self._standing.now,
            note=note,
            says=says,
        )

    def leave(self, row: Occurrence, plan: Plan) -> DueAct:
        message = (
            f"planned window {plan.name!r} has become an emergency: it is not ended by its plan; "
            "`maintenance disable` ends it"
        )
        says = (Warn(kind="planned window became an emergency", message=message),)
        note = "left open: it has become an emergency"
        return self._standing.act(
            row,
            plan,
            "left open",
            stage=Stage.OVER,
            told=True,
            ended_at=self._standing.now,
            note=note,
            says=says,
        )
