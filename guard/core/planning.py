"""Planning: what somebody asks for, checked against all rules at once, and what it would meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from guard.core.changes import WindowRequest
from guard.core.durations import LONGEST_SECONDS, humanize
from guard.core.modes import Mode
from guard.core.planned import Plan, name_problem
from guard.core.recurrence import LOOK_YEARS, Recurrence, parse_local, parse_skipped, tightest_gap
from guard.core.terms import AtDeadline
from guard.core.zones import instant, zone_of
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.core.scope import Scope

__all__ = ["LONGEST_LOOK_AHEAD", "PlanRequest", "check_plan", "overlaps", "request_of"]

LONGEST_LOOK_AHEAD = 24 * 3600
_LONGEST_NOTICE = 30 * 24 * 3600
_SHORTEST_NOTICE = 60
_MOST_NOTICES = 10
_MOST_EXTENSIONS = 24
_MOST_SKIPPED = 200
_FURTHEST = 5 * 366 * 86_400
_COMPARED = 200
_COMPARED_SECONDS = 400 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What was asked for, raw. `at`, `end` and `skipped` are local times; times are seconds."""

    name: str
    reason: str
    by: str
    at: str
    zone: str
    duration: float | None = None
    end: str | None = None
    mode: str = Mode.NORMAL.value
    every: str = ""
    skipped: Iterable[str] = ()
    grace: float | None = None
    drain_within: float | None = None
    at_deadline: str = AtDeadline.WAIT.value
    verify: bool = False
    sessions: str | None = None
    scope: Mapping[str, Any] | Scope | None = None
    notices: Iterable[float] | None = None
    look_ahead: float = 0
    auto_end: bool = True
    extend_by: float = 0
    max_extensions: int = 0


def request_of(plan: Plan) -> PlanRequest:
    """What would give this plan again."""
    terms = plan.terms
    return PlanRequest(
        name=plan.name,
        reason=plan.reason,
        by=plan.by,
        at=plan.when.start.isoformat(),
        zone=plan.when.zone,
        duration=plan.duration,
        mode=plan.mode.value,
        every=plan.when.rule,
        skipped=plan.when.skipped,
        grace=terms.grace,
        drain_within=terms.drain_within,
        at_deadline=terms.at_deadline.value,
        verify=terms.verify,
        sessions=terms.sessions.value if terms.sessions else None,
        scope=terms.scope,
        notices=plan.notices,
        look_ahead=plan.look_ahead,
        auto_end=plan.auto_end,
        extend_by=plan.extend_by,
        max_extensions=plan.max_extensions,
    )


def check_plan(
    request: PlanRequest,
    *,
    now: float,
    usual_notices: Iterable[int] = (),
    others: Iterable[Plan] = (),
    before: Plan | None = None,
) -> Plan:
    """A plan from what was asked for.

    Args:
        usual_notices: those of the setting. Of a plan that recurs those are taken that are shorter than the
            time between two starts.
        others: the plans that are there: a name is used once.
        before: the plan that this one replaces.

    Raises:
        InvalidRequest: with every problem at once.
    """
    problems: list[str] = []
    if (wrong := name_problem(request.name)) is not None:
        problems.append(wrong)
    if any(request.name.strip() == other.name for other in others):
        problems.append(f"name {request.name[:60]!r} is taken: change that plan, or use another name")
    when = _when(request, problems)
    duration = _duration(request, when, problems)
    window = _window(request, duration, problems)
    if request.mode == Mode.EMERGENCY:
        problems.append("mode 'emergency' cannot be planned: an emergency is opened when it is there")
    look_ahead = _within("look_ahead", request.look_ahead, 0, LONGEST_LOOK_AHEAD, problems)
    extend_by = _within("extend_by", request.extend_by, 0, LONGEST_SECONDS, problems)
    most = _within("max_extensions", request.max_extensions, 0, _MOST_EXTENSIONS, problems)
    if (extend_by == 0) != (most == 0):
        problems.append("an extension needs both: extend_by, and max_extensions")
    longest = look_ahead + (duration or 0) + extend_by * most
    if longest > LONGEST_SECONDS >= (duration or 0):
        problems.append(
            f"look-ahead, duration and all extensions together are {humanize(longest)}: at most 7 days"
        )
    since = now
    if before is not None and when == before.when and duration == before.duration:
        since = before.since
    gap = _check_starts(when, duration, now, problems, is_new=since == now) if when is not None else None
    notices = _notices(request.notices, usual_notices, gap, problems)
    if problems or when is None or window is None or duration is None:
        raise InvalidRequest(*problems)
    return Plan(
        name=request.name.strip(),
        mode=window.mode,
        reason=window.reason,
        by=window.by,
        when=when,
        duration=duration,
        terms=window.terms,
        notices=notices,
        look_ahead=look_ahead,
        auto_end=request.auto_end,
        extend_by=extend_by,
        max_extensions=most,
        since=since,
    )


def _when(request: PlanRequest, problems: list[str]) -> Recurrence | None:
    found: list[str] = []
    start = datetime(2000, 1, 1)  # noqa: DTZ001 - local; so that zone and rule are checked too
    skipped: list[str] = []
    try:
        start = parse_local(request.at, "at")
    except InvalidRequest as error:
        found += error.problems
    for text in request.skipped:
        try:
            skipped.append(parse_skipped(text))
        except InvalidRequest as error:
            found += error.problems
    if len(skipped) > _MOST_SKIPPED:
        found.append(f"except names {len(skipped)} times: at most {_MOST_SKIPPED} are allowed")
    try:
        when = Recurrence.check(
            start=start, zone=request.zone, rule=request.every, skipped=tuple(sorted(set(skipped)))
        )
    except InvalidRequest as error:
        found += error.problems
    problems += found
    return None if found else when


def _duration(request: PlanRequest, when: Recurrence | None, problems: list[str]) -> int | None:
    """Seconds; from the end where that was given."""
    if request.end is None:
        if request.duration is None:
            problems.append("duration is missing: say how long, or when it ends")
        return _whole(request.duration)
    if request.duration is not None:
        problems.append("duration and end are both given: say one of them")
    try:
        end = parse_local(request.end, "end")
    except InvalidRequest as error:
        problems += error.problems
        return None
    try:
        start = parse_local(request.at, "at")
        zone = zone_of(when.zone if when is not None else "UTC")
    except InvalidRequest:
        return None  # told already
    seconds = instant(end, zone) - instant(start, zone)
    if seconds <= 0:
        problems.append(
            f"end {end:%Y-%m-%d %H:%M} is not after the start {start:%Y-%m-%d %H:%M}: "
            "a window ends after it begins"
        )
        return None
    return round(seconds)


def _whole(raw: Any) -> int | None:
    """Rounded; what is no number is left to the check of the window."""
    is_number = isinstance(raw, (int, float)) and not isinstance(raw, bool) and raw == raw
    return max(1, round(raw)) if is_number and 0 < raw <= LONGEST_SECONDS else None


def _window(request: PlanRequest, duration: int | None, problems: list[str]) -> WindowRequest | None:
    try:
        return WindowRequest.check(
            mode=request.mode,
            reason=request.reason,
            duration=duration if duration is not None else request.duration,
            by=request.by,
            grace=request.grace,
            drain_within=request.drain_within,
            at_deadline=request.at_deadline,
            verify=request.verify,
            sessions=request.sessions,
            scope=request.scope,
        )
    except InvalidRequest as error:
        problems += error.problems
        return None


def _within(name: str, raw: float, least: int, most: int, problems: list[str]) -> int:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not least <= raw <= most:
        problems.append(f"{name} {raw!r} is out of range: give a number from {least} to {most}")
        return 0
    return round(raw)


def _check_starts(
    when: Recurrence, duration: int | None, now: float, problems: list[str], *, is_new: bool
) -> float | None:
    """Seconds of the shortest time between two starts; None when there is one."""
    first = instant(when.start, zone_of(when.zone))
    if is_new and not when.rule and first <= now:
        problems.append(f"at {when.start:%Y-%m-%d %H:%M} {when.zone} is in the past")
        return None
    if first > now + _FURTHEST:
        problems.append(f"at {when.start:%Y-%m-%d %H:%M} is more than five years away")
        return None
    if not when.rule:
        if when.next(first - 1) is None:
            problems.append("the only start is among those that are excepted")
        return None
    if when.next(now) is None:
        problems.append(
            f"rule {when.rule[:60]!r} never fires from now on (looked for in the next {LOOK_YEARS} years)"
        )
        return None
    gap = tightest_gap(when, now)
    if gap is not None and duration is not None and gap < duration:
        problems.append(
            f"rule {when.rule[:60]!r} begins again after {humanize(gap)}, before the window of "
            f"{humanize(duration)} is over: use a rarer rule or a shorter window"
        )
    return gap


def _notices(
    raw: Iterable[float] | None, usual: Iterable[int], gap: float | None, problems: list[str]
) -> tuple[int, ...]:
    if raw is None:
        return tuple(sorted({one for one in usual if gap is None or one < gap}, reverse=True))
    given = list(raw)
    if len(given) > _MOST_NOTICES:
        problems.append(f"notices names {len(given)} times: at most {_MOST_NOTICES} are allowed")
    seconds = [_within("a notice", one, _SHORTEST_NOTICE, _LONGEST_NOTICE, problems) for one in given]
    return tuple(sorted(set(seconds), reverse=True))


def overlaps(plan: Plan, others: Iterable[Plan], now: float) -> tuple[str, ...]:
    """A sentence for each other plan that this one meets: they go on as one window then."""
    mine = _coming(plan, now)
    found = []
    for other in others:
        met = _first_overlap(mine, plan.duration, _coming(other, now), other.duration)
        if met is not None:
            found.append(
                f"overlaps with {other.name!r} at {plan.says(met)}: both go on as one window, the union of "
                "the two, until the later one ends"
            )
    return tuple(found)


def _coming(plan: Plan, now: float) -> list[float]:
    return list(islice(plan.when.starts(now - plan.duration, now + _COMPARED_SECONDS), _COMPARED))


def _first_overlap(mine: list[float], my_length: int, theirs: list[float], their_length: int) -> float | None:
    position = 0
    for start in mine:
        while position < len(theirs) and theirs[position] + their_length <= start:
            position += 1
        if position < len(theirs) and theirs[position] < start + my_length:
            return max(start, theirs[position])
    return None
