"""Counting: what a time's windows, journal, alerts and routines add up to.

A sum over windows is unknown as soon as one account is: a part is never shown as the whole.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guard.core.modes import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from guard.core.counts import Count
    from guard.core.history import AuditRecord
    from guard.core.reports.facts import WindowFact
    from guard.core.reports.report import Period
    from guard.core.routine_result import RoutineRun

__all__ = [
    "average",
    "between_actions",
    "covered_seconds",
    "jobs_of",
    "middle",
    "opened_in",
    "overran",
    "refused_tries",
    "requests_of",
    "runs_by_outcome",
    "samples",
    "was_emergency",
]

REFUSED = "refused"
COUNTED = "refused tries"


def opened_in(windows: Iterable[WindowFact], period: Period) -> list[WindowFact]:
    """Those that were opened in the period, rehearsals too."""
    return [one for one in windows if period.has(one.record.started_at)]


def covered_seconds(windows: Iterable[WindowFact], start: float, end: float) -> float:
    """Seconds of a time in which a real window was open. Two at once count once; one that is open counts to
    the end."""
    total, reached = 0.0, start
    for one in sorted(windows, key=lambda fact: fact.record.started_at):
        if not one.is_real:
            continue
        begin = max(one.record.started_at, reached)
        stop = min(one.record.ended_at if one.record.ended_at is not None else end, end)
        if stop > begin:
            total += stop - begin
            reached = stop
    return total


def jobs_of(windows: Iterable[WindowFact], *kinds: Count) -> int | None:
    """The sum of counters over real windows; None if one account is not known."""
    total = 0
    for one in windows:
        if not one.is_real:
            continue
        if one.account.value is None:
            return None
        total += sum(one.account.value.total(kind) for kind in kinds)
    return total


def requests_of(windows: Iterable[WindowFact]) -> int | None:
    """Refused requests of real windows; None if those of one are not known."""
    total = 0
    for one in windows:
        if not one.is_real:
            continue
        if one.requests.value is None:
            return None
        total += one.requests.value
    return total


def overran(windows: Iterable[WindowFact]) -> int:
    """How many ended later than was planned last."""
    return sum(
        one.record.duration is not None and one.length is not None and one.length > one.record.duration
        for one in windows
    )


def was_emergency(lines: Iterable[AuditRecord], window_id: str, mode: str) -> bool:
    """Whether a window was an emergency at any time: it may have been eased since."""
    return mode == Mode.EMERGENCY or any(
        line.action in {"enable", "change", "reconcile"}
        and line.detail.get("window_id") == window_id
        and line.detail.get("mode") == Mode.EMERGENCY
        for line in lines
    )


def between_actions(lines: Iterable[AuditRecord], first: str, then: str) -> dict[str, float]:
    """Seconds from one action to the next other one of the same window, by window id. The first of each
    counts."""
    begun: dict[str, float] = {}
    took: dict[str, float] = {}
    for line in lines:
        window_id = str(line.detail.get("window_id", ""))
        if not window_id:
            continue
        if line.action == first:
            begun.setdefault(window_id, line.at)
        elif line.action == then and window_id in begun and window_id not in took:
            took[window_id] = max(0.0, line.at - begun[window_id])
    return took


def refused_tries(lines: Iterable[AuditRecord]) -> int:
    """Tries to get in or to do something that were refused: those with a line of their own, and those that
    were only counted."""
    total = 0
    for line in lines:
        if line.action == COUNTED:
            count = line.detail.get("count")
            total += count if isinstance(count, int) else 0
        elif line.outcome == REFUSED:
            total += 1
    return total


def runs_by_outcome(runs: Iterable[RoutineRun]) -> Mapping[str, int]:
    """How many turns of routines ended in each way."""
    return Counter(run.outcome.value for run in runs)


def samples(
    runs: Iterable[RoutineRun], routine: str, figure: str, of: Callable[[object], object] | None = None
) -> list[tuple[float, float]]:
    """The numbers that a routine's results have under one name: when it was due, and the number."""
    found = []
    for run in runs:
        if run.name != routine:
            continue
        value = run.result.value(figure)
        value = of(value) if of is not None and value is not None else value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append((run.due_at, float(value)))
    return found


def average(values: Sequence[float]) -> float | None:
    """Rounded to a tenth; None of nothing."""
    return round(sum(values) / len(values), 1) if values else None


def middle(values: Sequence[float]) -> float | None:
    """The median, rounded to a tenth; None of nothing."""
    from guard.core.activity import median

    found = median(values)
    return round(found, 1) if found is not None else None
