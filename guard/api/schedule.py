"""`Guard.schedule`: planned windows: added, listed, changed, cancelled, and brought on by `run_due`."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from guard.api.checking import together_with, unknown_operations
from guard.api.journal import note
from guard.core.changes import WindowRequest
from guard.core.estimate import Estimate, estimate
from guard.core.modes import Mode
from guard.core.occurrence import FINAL, HOLDING, Occurrence, Stage
from guard.core.planned import Plan, Schedule
from guard.core.planning import PlanRequest, check_plan, overlaps, request_of
from guard.core.scope import Scope
from guard.core.zones import shown, zone_of
from guard.errors import InvalidRequest, NotPlanned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from guard.api.parts import Parts
    from guard.automation.schedule import DueReport, Windows

__all__ = ["PlannedStart", "PlannedWindow", "PlannedWindows"]

_Problems = list[str]
_HISTORY = 500
_TRIES = 5
_FURTHEST = 6 * 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStart:
    """A start to come. `local` is the time of the plan's zone, `shown` says both."""

    starts_at: float
    ends_at: float
    local: str
    utc: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWindow:
    """A plan, and what is to be known of it.

    Attributes:
        schedule_id, revision, plan: as kept.
        cancelled_at: UTC seconds; None while it counts.
        next: its next starts; empty when there are none any more.
        occurrences: what became of its last starts, latest first; where they were asked for.
        warnings: what it meets.
        estimate: what its duration rests on, where it was estimated just now.
    """

    schedule_id: str
    revision: int
    plan: Plan
    cancelled_at: float | None = None
    next: tuple[PlannedStart, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    warnings: tuple[str, ...] = ()
    estimate: Estimate | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "schedule_id": self.schedule_id,
            "revision": self.revision,
            **self.plan.to_dict(),
            "cancelled_at": self.cancelled_at,
            "next": [asdict(start) for start in self.next],
            "occurrences": [
                {"shown": self.plan.says(row.starts_at), **row.to_dict()} for row in self.occurrences
            ],
            "warnings": list(self.warnings),
            "estimate": self.estimate.to_dict() if self.estimate else None,
        }


class PlannedWindows:
    """The planned windows of an app. A plan is named by its id, the beginning of its id, or its name.

    Every call raises StoreUnavailable when the durable store did not answer.
    """

    def __init__(self, parts: Parts, windows: Windows) -> None:
        self._parts = parts
        self._windows = windows

    def add(
        self,
        *,
        name: str,
        reason: str,
        by: str,
        at: str,
        duration: float | str | None = None,
        end: str | None = None,
        zone: str | None = None,
        mode: str = Mode.NORMAL.value,
        every: str = "",
        skipped: Iterable[str] = (),
        grace: float | None = None,
        drain_within: float | None = None,
        at_deadline: str = "wait",
        verify: bool = False,
        sessions: str | None = None,
        scope: Mapping[str, Any] | None = None,
        notices: Iterable[float] | None = None,
        look_ahead: float | None = None,
        auto_end: bool = True,
        extend_by: float = 0,
        max_extensions: int = 0,
    ) -> PlannedWindow:
        """Plan a window, once or again and again. It is announced, opened, extended and ended by `run_due`.

        Args:
            name: what people call it, 1 to 60 characters; used once.
            reason, by, mode, grace, drain_within, at_deadline, verify, sessions, scope: as `Guard.enable`
                takes them; the deadline of the drain counts from when it really begins. No emergencies.
            at: local time of the first start, ``2026-12-01 02:00``. One that the zone skips means the first
                instant after the gap, one that it has twice the first.
            duration: seconds, up to a week; or ``auto``: from how long such windows took, and 25 % more.
            end: instead of a duration: local time of the first end.
            zone: IANA name; the setting GUARD_TIME_ZONE when None.
            every: rule of RFC 5545, such as ``FREQ=WEEKLY;BYDAY=SU``; empty: once.
            skipped: local dates or times at which it does not begin.
            notices: seconds before a start at which it is announced; GUARD_NOTICE_TIMES when None.
            look_ahead: seconds before a start from which jobs that would cross it wait; the setting
                GUARD_LOOK_AHEAD when None.
            auto_end: whether it ends by itself at its planned end.
            extend_by, max_extensions: seconds by which, and how often at most, its end is moved when the
                drain or the verifying still goes on then.

        Raises:
            InvalidRequest: with every problem. Nothing was changed.
        """
        plan, guess, others = self._planned(
            name=name,
            reason=reason,
            by=by,
            at=at,
            duration=duration,
            end=end,
            zone=zone,
            mode=mode,
            every=every,
            skipped=skipped,
            grace=grace,
            drain_within=drain_within,
            at_deadline=at_deadline,
            verify=verify,
            sessions=sessions,
            scope=scope,
            notices=notices,
            look_ahead=look_ahead,
            auto_end=auto_end,
            extend_by=extend_by,
            max_extensions=max_extensions,
        )
        now = self._parts.clock.wall()
        schedule = Schedule(
            schedule_id=str(uuid.uuid4()), revision=1, plan=plan, changed_at=now, changed_by=by.strip()
        )
        self._parts.stores.schedules.add(schedule)
        self._journal("schedule add", by, schedule)
        return replace(self._seen(schedule, warnings=overlaps(plan, others, now)), estimate=guess)

    def check(self, ref: str | None = None, *, by: str, **wanted: Any) -> Plan:
        """The plan that `add` would keep, or `change` for the plan `ref`. Nothing is kept.

        Raises:
            NotPlanned: there is no such plan.
            InvalidRequest: with every problem.
        """
        if ref is None:
            return self._planned(by=by, **wanted)[0]
        schedule = self._find(ref)
        return self._changed(schedule.plan, wanted, by, self._others(schedule))[0]

    def list(self, *, starts: int = 1, cancelled: bool = False) -> Sequence[PlannedWindow]:
        """All plans that count, by their next start; also those that are cancelled or over, if asked for.

        Args:
            starts: how many of the starts to come.
        """
        found = [
            self._seen(one, starts=starts)
            for one in self._parts.stores.schedules.schedules()
            if cancelled or one.cancelled_at is None
        ]
        if not cancelled:
            live = {row.schedule_id for row in self._live()}
            found = [one for one in found if one.next or one.schedule_id in live]
        return sorted(found, key=lambda one: one.next[0].starts_at if one.next else float("inf"))

    def show(self, ref: str, *, starts: int = 5, occurrences: int = 10) -> PlannedWindow:
        """One plan, with its next starts and what became of the last ones.

        Raises:
            NotPlanned: there is no such plan.
        """
        schedule = self._find(ref)
        rows = self._parts.stores.schedules.history(schedule.schedule_id, occurrences)
        return replace(self._seen(schedule, starts=starts), occurrences=tuple(rows))

    def change(self, ref: str, *, by: str, **wanted: Any) -> PlannedWindow:
        """Change a plan; what is not given, or None, stays. What has begun goes on as it was agreed on
        (`Guard.change` changes that), except for its extensions and whether it ends by itself.

        Args:
            wanted: as `add` takes them.

        Raises:
            NotPlanned: there is no such plan.
            InvalidRequest: with every problem. Nothing was changed.
        """
        given = {name: value for name, value in wanted.items() if value is not None}
        if not given:
            raise InvalidRequest("nothing would change: say what should")
        for _ in range(_TRIES):
            schedule = self._find(ref)
            if schedule.cancelled_at is not None:
                raise InvalidRequest(f"{schedule.plan.name!r} is cancelled: add it anew")
            others = self._others(schedule)
            plan, guess = self._changed(schedule.plan, given, by, others)
            now = self._parts.clock.wall()
            changed = replace(
                schedule, revision=schedule.revision + 1, plan=plan, changed_at=now, changed_by=by.strip()
            )
            if self._parts.stores.schedules.change(changed):
                self._journal("schedule change", by, changed)
                seen = self._seen(changed, warnings=(*self._begun(changed), *overlaps(plan, others, now)))
                return replace(seen, estimate=guess)
        raise InvalidRequest(_RACED)

    def cancel(self, ref: str, *, by: str) -> PlannedWindow:
        """Plan no more starts. What was announced is said to be off. A window that has begun goes on to its
        planned end; a look-ahead ends.

        Raises:
            NotPlanned: there is no such plan.
            InvalidRequest: it is cancelled already, or `by` is not usable.
        """
        for _ in range(_TRIES):
            schedule = self._find(ref)
            plan = schedule.plan
            WindowRequest.check(mode=plan.mode.value, reason=plan.reason, duration=None, by=by)
            if schedule.cancelled_at is not None:
                raise InvalidRequest(f"{plan.name!r} is cancelled already")
            now = self._parts.clock.wall()
            cancelled = replace(
                schedule,
                revision=schedule.revision + 1,
                changed_at=now,
                changed_by=by.strip(),
                cancelled_at=now,
            )
            if self._parts.stores.schedules.change(cancelled):
                self._journal("schedule cancel", by, cancelled)
                return self._seen(cancelled, warnings=self._begun(cancelled))
        raise InvalidRequest(_RACED)

    def run_due(self) -> DueReport:
        """Do all that is due for planned windows now: notices, look-ahead, opening, extending, ending.
        Safe at any time, by anybody, by several at once. Beat calls it every half minute.

        Raises:
            StoreUnavailable: the durable store did not answer; what was done stands.
        """
        from guard.automation.schedule import DueReport

        if not self._parts.settings.maintenance_mode_enabled:
            return DueReport(problems=("the guard is switched off (MAINTENANCE_MODE_ENABLED=false)",))
        return self._parts.scheduling.due(self._windows).run()

    def holders(self, window_id: str) -> tuple[str, ...]:
        """The names of the plans that hold this window now: they end it, nobody else need."""
        names = {one.schedule_id: one.plan.name for one in self._parts.stores.schedules.schedules()}
        rows = self._parts.stores.schedules.occurrences(self._parts.clock.wall())
        return tuple(
            names[row.schedule_id]
            for row in rows
            if row.stage in HOLDING and row.window_id == window_id and row.schedule_id in names
        )

    def estimate(self, *, name: str = "", reason: str = "", mode: str = Mode.NORMAL.value) -> Estimate | None:
        """How long a window will take, from the history; None when nobody can say."""
        records = self._parts.stores.durable.windows(_HISTORY)
        return estimate(records, name=name.strip(), reason=reason.strip(), mode=mode)

    # -- parts of these --------------------------------------------------------------------------

    def _planned(self, **wanted: Any) -> tuple[Plan, Estimate | None, Sequence[Plan]]:
        settings = self._parts.settings
        problems: _Problems = []
        values = dict(wanted)
        values["duration"], guess = self._length(
            values.get("duration"), values["name"], values["reason"], values.get("mode", "normal"), problems
        )
        if values.get("zone") is None:
            values["zone"] = settings.guard_time_zone
        if values.get("look_ahead") is None:
            values["look_ahead"] = settings.guard_look_ahead
        values["skipped"] = tuple(values.get("skipped", ()))
        others = [one.plan for one in self._counting()]
        return self._check(PlanRequest(**values), problems, others=others), guess, others

    def _others(self, schedule: Schedule) -> Sequence[Plan]:
        return [one.plan for one in self._counting() if one.schedule_id != schedule.schedule_id]

    def _length(
        self, duration: float | str | None, name: str, reason: str, mode: str, problems: _Problems
    ) -> tuple[float | None, Estimate | None]:
        if not isinstance(duration, str):
            return duration, None
        if duration.strip().lower() != "auto":
            problems.append(f"duration {duration[:40]!r} is not understood: give seconds, or auto")
            return 1, None
        guess = self.estimate(name=name, reason=reason, mode=mode)
        if guess is None:
            problems.append("duration auto needs a window like this that somebody has ended: say how long")
            return 1, None
        return guess.seconds, guess

    def _check(self, request: PlanRequest, problems: _Problems, **against: Any) -> Plan:
        scope = request.scope.to_dict() if isinstance(request.scope, Scope) else request.scope
        with together_with([*problems, *unknown_operations(self._parts.registry, scope)]):
            return check_plan(
                request,
                now=self._parts.clock.wall(),
                usual_notices=self._parts.settings.notice_times,
                **against,
            )

    def _changed(
        self, plan: Plan, given: dict[str, Any], by: str, others: Sequence[Plan]
    ) -> tuple[Plan, Estimate | None]:
        problems: _Problems = []
        old = request_of(plan)
        values = dict(given)
        guess = None
        if "end" in values:
            values.setdefault("duration", None)
        elif "duration" in values:
            values["duration"], guess = self._length(
                values["duration"],
                values.get("name", plan.name),
                values.get("reason", plan.reason),
                values.get("mode", plan.mode.value),
                problems,
            )
        unknown = sorted(values.keys() - set(PlanRequest.__dataclass_fields__))
        if unknown:
            raise TypeError(f"change() has no argument {', '.join(unknown)}")
        request = replace(old, by=by, **values)
        checked = self._check(request, problems, others=others, before=plan)
        return replace(checked, by=plan.by), guess

    def _counting(self) -> Sequence[Schedule]:
        return [one for one in self._parts.stores.schedules.schedules() if one.cancelled_at is None]

    def _find(self, ref: str) -> Schedule:
        schedules = self._parts.stores.schedules.schedules()
        named = [one for one in schedules if ref in {one.schedule_id, one.plan.name}]
        found = (
            [one for one in named if one.cancelled_at is None]
            or named[-1:]
            or [one for one in schedules if len(ref) >= 4 and one.schedule_id.startswith(ref)]
        )
        if len(found) > 1:
            ids = ", ".join(one.schedule_id for one in found)
            raise InvalidRequest(f"{ref[:60]!r} is the name of several plans: use one of the ids {ids}")
        if not found:
            raise NotPlanned(ref, [one.plan.name for one in schedules])
        return found[0]

    def _live(self) -> Sequence[Occurrence]:
        now = self._parts.clock.wall()
        waiting = FINAL | {Stage.EXPECTED}
        return [row for row in self._parts.stores.schedules.occurrences(now) if row.stage not in waiting]

    def _begun(self, schedule: Schedule) -> tuple[str, ...]:
        return tuple(
            f"the window of {schedule.plan.says(row.starts_at)} has begun and goes on to its planned end; "
            "`maintenance disable` ends it"
            for row in self._live()
            if row.schedule_id == schedule.schedule_id and row.stage is Stage.OPEN
        )

    def _seen(self, schedule: Schedule, *, starts: int = 3, warnings: tuple[str, ...] = ()) -> PlannedWindow:
        plan = schedule.plan
        now = self._parts.clock.wall()
        after = max(now, plan.since)
        coming: Sequence[float] = ()
        if schedule.cancelled_at is None:
            coming = list(islice(plan.when.starts(after, after + _FURTHEST), starts))
        return PlannedWindow(
            schedule_id=schedule.schedule_id,
            revision=schedule.revision,
            plan=plan,
            cancelled_at=schedule.cancelled_at,
            next=tuple(_start(plan, start) for start in coming),
            warnings=warnings,
        )

    def _journal(self, action: str, by: str, schedule: Schedule) -> None:
        detail = {"schedule_id": schedule.schedule_id, "revision": schedule.revision}
        note(self._parts, action, by=by.strip(), detail={**detail, "plan": schedule.plan.to_dict()})


_RACED = "others changed this plan at the same time: look at it, and try again"


def _start(plan: Plan, start: float) -> PlannedStart:
    zone = plan.when.zone
    return PlannedStart(
        starts_at=start,
        ends_at=start + plan.duration,
        local=datetime.fromtimestamp(start, zone_of(zone)).isoformat(),
        utc=datetime.fromtimestamp(start, UTC).isoformat(),
        shown=shown(start, zone),
    )
