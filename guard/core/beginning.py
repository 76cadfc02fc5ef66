"""How planned windows begin: notices, the look-ahead, the start, and starts that were missed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.acts import DueAct, Notice, Warn
from guard.core.durations import humanize
from guard.core.generation import SessionPolicy
from guard.core.holding import Holding, join_scopes
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.planned import Plan, Schedule
    from guard.core.standing import Standing

__all__ = ["Beginning"]

_LOOK_BACK = 31 * 86_400
"""Older starts are nobody's business any more."""
_LATE_SECONDS = 120
_LONGEST_REASON = 500
_WAITS = "waits"
_UNBEGUN = frozenset({Stage.EXPECTED, Stage.LEADING, Stage.CANCELLED})


class Beginning:
    """What is due before and at the starts of plans."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def starts_of(self, schedule: Schedule) -> tuple[list[DueAct], list[DueAct]]:
        """What begins or was missed; and what is announced, looked ahead to or withdrawn."""
        plan = schedule.plan
        rows = {row.starts_at: row for row in self._standing.rows if row.schedule_id == schedule.schedule_id}
        waiting = {at: row for at, row in rows.items() if row.stage in {Stage.EXPECTED, Stage.LEADING}}
        counts = schedule.cancelled_at is None
        wanted = {at for at in waiting if counts and next(plan.when.starts(at - 1, at), None) == at}
        withdrawn = [self._withdraw(plan, row) for at, row in waiting.items() if at not in wanted]
        if not counts:
            return [], withdrawn
        begun = [at for at, row in rows.items() if at <= self._standing.now and row.stage not in _UNBEGUN]
        floor = max(plan.since, self._standing.now - _LOOK_BACK, *begun)
        come = sorted(
            {*plan.when.starts(floor, self._standing.now), *(at for at in wanted if at <= self._standing.now)}
        )
        begins: list[DueAct] = []
        if come and self._standing.now < come[-1] + plan.duration - 1:
            last = come.pop()
            begins = self._begin(schedule, rows.get(last) or _new(schedule, last))
        missed = self._miss(schedule, come, rows) if come else []
        later = self._look_forward(schedule, rows)
        return [*missed, *begins], [*withdrawn, *later]

    def _miss(
        self, schedule: Schedule, starts: list[float], rows: Mapping[float, Occurrence]
    ) -> list[DueAct]:
        plan = schedule.plan
        *before, last = starts
        more = f", and {len(before)} before it" if before else ""
        message = (
            f"planned window {plan.name!r} of {plan.says(last)} was missed{more}: nothing could open it "
            f"within its {humanize(plan.duration)}"
        )
        acts = []
        for start in starts:
            row = rows.get(start)
            if row is None and start != last:
                continue
            row = row or _new(schedule, start)
            # what was held back before the start is still held back
            stage = Stage.ENDING if row.stage is Stage.LEADING else Stage.MISSED
            after = row.write(
                self._standing.now,
                stage=stage,
                told=stage is Stage.MISSED,
                note="missed",
                skipped=len(before) if start == last else 0,
                ended_at=self._standing.now,
            )
            says = (Warn(kind="planned window missed", message=message),) if start == last else ()
            acts.append(DueAct(by=plan.actor, what="missed", before=row, after=after, says=says))
        return acts

    def _look_forward(self, schedule: Schedule, rows: Mapping[float, Occurrence]) -> list[DueAct]:
        """The look-ahead, and notices."""
        plan = schedule.plan
        horizon = max((*plan.notices, plan.look_ahead))
        acts = []
        for start in plan.when.starts(max(self._standing.now, plan.since), self._standing.now + horizon):
            row = rows.get(start) or _new(schedule, start)
            if row.stage not in _UNBEGUN:
                continue
            if row.stage is Stage.CANCELLED:  # it was withdrawn, and is planned again
                row = replace(row, stage=Stage.EXPECTED, given=(), said=(), note="", ended_at=None)
            act = self._lead(plan, row) or self._notify(plan, row)
            if act is not None:
                acts.append(replace(act, before=rows.get(start, act.before)))
        return acts

    def _lead(self, plan: Plan, row: Occurrence) -> DueAct | None:
        start = row.starts_at
        may_lead = plan.mode is Mode.NORMAL and row.leads and row.stage is Stage.EXPECTED
        is_time = plan.look_ahead and start - plan.look_ahead <= self._standing.now
        if not may_lead or not is_time or self._standing.state.phase is not Phase.INACTIVE:
            return None
        reason = f"planned maintenance at {plan.says(start)}: jobs that would not end before it wait"
        wants = Holding(
            mode=plan.mode,
            reason=f"{reason}; {plan.reason}"[:_LONGEST_REASON].strip(),
            scope=replace(plan.terms.scope, crossing=start),
            ends_at=start + plan.duration,
            grace=plan.terms.grace,
            verify=plan.terms.verify,
        )
        after = row.write(
            self._standing.now, stage=Stage.LEADING, told=False, window_id=row.own_window_id, wants=wants
        )
        return DueAct(by=plan.actor, what="look-ahead", before=row, after=after)

    def _notify(self, plan: Plan, row: Occurrence) -> DueAct | None:
        come = [before for before in plan.notices if row.starts_at - before <= self._standing.now]
        if not come or min(come) in row.given:
            return None
        given = tuple(sorted({*row.given, *come}, reverse=True))
        after = row.write(self._standing.now, given=given)
        left = humanize(row.starts_at - self._standing.now)
        message = (
            f"maintenance is planned for {plan.says(row.starts_at)}, in {left}, "
            f"for {humanize(plan.duration)}: {plan.reason}"
        )
        notice = self._notice("coming", plan, row, message, min(come))
        return DueAct(by=plan.actor, what="notice", before=row, after=after, says=(notice,))

    def _notice(
        self, kind: str, plan: Plan, row: Occurrence, message: str, before: int | None = None
    ) -> Notice:
        return Notice(
            kind=kind,
            name=plan.name,
            reason=plan.reason,
            mode=plan.mode.value,
            starts_at=row.starts_at,
            ends_at=row.starts_at + plan.duration,
            zone=plan.when.zone,
            before=before,
            message=message,
        )

    def _withdraw(self, plan: Plan, row: Occurrence) -> DueAct:
        """Its plan was cancelled or changed."""
        says: tuple[Notice, ...] = ()
        if row.given and row.starts_at > self._standing.now:
            message = f"the maintenance planned for {plan.says(row.starts_at)} will not take place then"
            says = (self._notice("cancelled", plan, row, message),)
        stage = Stage.ENDING if row.stage is Stage.LEADING else Stage.CANCELLED
        after = row.write(
            self._standing.now,
            stage=stage,
            told=stage is Stage.CANCELLED,
            note="cancelled or moved",
            ended_at=self._standing.now,
        )
        return DueAct(by=plan.actor, what="withdrawn", before=row, after=after, says=says)

    def _begin(self, schedule: Schedule, row: Occurrence) -> list[DueAct]:
        plan, state = schedule.plan, self._standing.state
        wants = self._wants(plan, row.starts_at)
        # Where somebody has ended its look-ahead it needs a window of another id.
        attempt = row.attempt + (row.stage is Stage.LEADING and not self._standing.is_mine(row))
        window_id, found = replace(row, attempt=attempt).own_window_id, None
        if self._standing.is_open:
            window_id = state.window_id
            others = [one for one in self._standing.in_window() if one is not row]
            if others:
                found = others[0].found
            elif row.window_id != window_id:
                found = Holding.of(state)
            if window_id == self._standing.facts.automated:
                return self._wait(plan, row, "a program works in a window of its own, and would stop")
            if Mode.TEST in {plan.mode, state.mode} and plan.mode is not state.mode:
                if plan.mode is Mode.NORMAL and found is None:
                    return [self._give_way(one) for one in others if one.stage is Stage.OPEN]
                return self._wait(plan, row, "a rehearsal and a real window cannot be one")
            if (
                state.mode is Mode.EMERGENCY
                and join_scopes(state.terms.scope, wants.scope) != state.terms.scope
            ):
                return self._wait(
                    plan, row, "the emergency that is on would end jobs that it leaves alone now"
                )
        after = row.write(
            self._standing.now,
            stage=Stage.OPEN,
            told=False,
            window_id=window_id,
            wants=wants,
            found=found,
            began_at=self._standing.now,
            attempt=attempt,
            leads=False,
            note="",
            ended_at=None,
        )
        return [DueAct(by=plan.actor, what="begin", before=row, after=after, says=self._late(plan, row))]

    def _late(self, plan: Plan, row: Occurrence) -> tuple[Warn, ...]:
        late = self._standing.now - row.starts_at
        if late < _LATE_SECONDS:
            return ()
        message = (
            f"planned window {plan.name!r} of {plan.says(row.starts_at)} begins {humanize(late)} late; "
            "it ends when it was planned to end"
        )
        return (Warn(kind="planned window late", message=message),)

    def _wants(self, plan: Plan, start: float) -> Holding:
        terms = plan.terms
        usual = self._standing.facts.sessions.get(plan.mode, SessionPolicy.KEEP)
        return Holding(
            mode=plan.mode,
            reason=plan.reason,
            scope=terms.scope,
            sessions=terms.sessions or usual,
            ends_at=start + plan.duration,
            drain_by=self._standing.now + terms.drain_within if terms.drain_within is not None else None,
            at_deadline=terms.at_deadline,
            grace=terms.grace,
            verify=terms.verify,
        )

    def _wait(self, plan: Plan, row: Occurrence, why: str) -> list[DueAct]:
        """It cannot begin now; it does when it can, while its time lasts."""
        if _WAITS in row.said:
            return []
        message = (
            f"planned window {plan.name!r} of {plan.says(row.starts_at)} cannot begin: {why}; "
            "it begins when the open window ends"
        )
        after = row.write(self._standing.now, said=(*row.said, _WAITS))
        if after.stage is Stage.CANCELLED:
            after = replace(after, stage=Stage.EXPECTED)
        says = (Warn(kind="planned window waits", message=message),)
        return [DueAct(by=plan.actor, what="waits", before=row, after=after, says=says)]

    def _give_way(self, row: Occurrence) -> DueAct:
        after = row.write(
            self._standing.now, stage=Stage.ENDING, told=False, note="gave way to a real window"
        )
        return DueAct(
            by=self._standing.plans[row.schedule_id].actor, what="gives way", before=row, after=after
        )


def _new(schedule: Schedule, start: float) -> Occurrence:
    return Occurrence(schedule_id=schedule.schedule_id, starts_at=start)
