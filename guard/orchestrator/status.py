"""The status: what is known about the guard now, and what is not.

The first nine fields are the guides' shape. Unknown is None, never zero and never false.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from guard.core.durations import humanize
from guard.core.modes import Gate
from guard.core.roster import SEEN_LATELY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.operations import OperationKind
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState

__all__ = ["Status", "WorkersView", "build_status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersView:
    """The workers. `unconfirmed` names those that are registered and have not acknowledged. All None
    when the registry does not answer."""

    live: int | None
    acknowledged: int | None
    unconfirmed: tuple[str, ...] | None = ()
    problems: Mapping[str, str] | None = field(default_factory=dict)


_NOBODY_KNOWS = WorkersView(live=None, acknowledged=None, unconfirmed=None, problems=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The answer of `Guard.status()` and of ``status --json``.

    Attributes:
        is_active: None when no store could say.
        mode: None when unknown; ``normal`` when no window is open, as the guides have it.
        estimated_duration: seconds.
        started_at, estimated_completion: ISO 8601 UTC, or None.
        blocked_operations: names.
        active_jobs_count: guarded jobs in flight; None while open, when nobody reports them, and as long as a
            worker has not reported in this epoch.
        message: a sentence for users.
        epoch, phase: of the guard state; None when unknown.
        workers: who follows.
        held: jobs in cordoned queues; parked: in the parking queue; None when the broker did not say.
        refused: since the window opened.
        in_flight: what runs, is reserved, ending, lost, of workers that have reported; `unknown`: the others.
        warnings: what an operator should look at.
        window_id: of the open window; None while none is, and when the state is unknown.
        scope: what the open window is narrowed to, with all its parts empty when it is not; None while no
            window is open, and when the state is unknown.
    """

    is_active: bool | None
    mode: str | None
    reason: str
    estimated_duration: int | None
    started_at: str | None
    estimated_completion: str | None
    blocked_operations: tuple[str, ...]
    active_jobs_count: int | None
    message: str
    epoch: int | None
    phase: str | None
    workers: WorkersView
    held: int | None
    parked: int | None
    refused: int | None
    in_flight: Mapping[str, Any] | None
    warnings: tuple[str, ...] = ()
    scope: Mapping[str, Any] | None = None
    window_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, in the order above."""
        return asdict(self)


def build_status(
    *,
    state: GuardState | None,
    roster: list[RosterEntry] | None,
    kinds: Mapping[str, OperationKind],
    held: int | None,
    parked: int | None,
    refused: int | None,
    warnings: tuple[str, ...],
    now: float,
) -> Status:
    """Put together what was gathered. None stands for what did not answer."""
    workers = [entry for entry in roster or () if entry.card.role == "worker"]
    active = state is not None and state.is_active
    in_flight = _in_flight(workers) if active and roster is not None else None
    gate = state.gate if state else Gate.UNKNOWN
    scope = state.terms.scope if state else None
    return Status(
        is_active=state.is_active if state else None,
        mode=_mode(state),
        reason=state.reason if state and active else "",
        estimated_duration=state.duration if state and active else None,
        started_at=_iso(state.started_at) if state and active else None,
        estimated_completion=_iso(state.planned_end) if state and active else None,
        blocked_operations=tuple(
            name
            for name, kind in kinds.items()
            if gate in kind.blocked_by and (scope is None or not scope.operations or name in scope.operations)
        ),
        active_jobs_count=in_flight["running"] if in_flight and not in_flight["unknown"] else None,
        message=_message(state, now),
        epoch=state.epoch if state else None,
        phase=state.phase.value if state else None,
        workers=_workers(workers, state) if roster is not None else _NOBODY_KNOWS,
        held=held if active else 0 if state else None,
        parked=parked,
        refused=refused,
        in_flight=in_flight,
        warnings=warnings + (() if roster is not None else ("the registry of workers does not answer",)),
        scope=state.terms.scope.to_dict() if state and active else None,
        window_id=state.window_id if state and active else None,
    )


def _mode(state: GuardState | None) -> str | None:
    if state is None:
        return None
    return state.mode.value if state.mode and state.is_active else "normal"


def _workers(workers: list[RosterEntry], state: GuardState | None) -> WorkersView:
    epoch = state.epoch if state else None
    return WorkersView(
        live=sum(entry.seen_seconds_ago < SEEN_LATELY_SECONDS for entry in workers),
        acknowledged=sum(entry.acknowledged_epoch == epoch for entry in workers),
        unconfirmed=tuple(sorted(describe(entry) for entry in workers if entry.acknowledged_epoch != epoch)),
        problems={entry.card.node: entry.card.problem for entry in workers if entry.card.problem},
    )


def describe(entry: RosterEntry) -> str:
    """A worker as people call it, with how long it has been silent if it has."""
    name = f"{entry.card.node} (pid {entry.card.pid})"
    if entry.seen_seconds_ago >= SEEN_LATELY_SECONDS:
        return f"{name}, last seen {humanize(entry.seen_seconds_ago)} ago"
    return name


def _in_flight(workers: list[RosterEntry]) -> dict[str, Any]:
    reports = {entry.card.node: entry.report for entry in workers}
    known = [report for report in reports.values() if report is not None]
    return {
        "running": sum(len(report.running) for report in known),
        "reserved": sum(report.reserved for report in known),
        "ending": sum(report.ending for report in known),
        "lost": sum(report.lost_slots for report in known),
        "unknown": sorted(node for node, report in reports.items() if report is None),
        "jobs": [
            {"task_id": job.task_id, "task": job.task, "worker": node, "since": _iso(job.since)}
            for node, report in reports.items()
            if report is not None
            for job in report.running
        ],
    }


def _message(state: GuardState | None, now: float) -> str:
    if state is None:
        return "The maintenance status is unknown."
    if state.gate is Gate.OPEN:
        return "All systems operational"
    if state.gate is Gate.TEST:
        return "A maintenance rehearsal is running. Nothing is blocked."
    kind = "Emergency maintenance" if state.gate is Gate.EMERGENCY else "System maintenance"
    end = state.planned_end
    if end is None:
        return f"{kind} in progress."
    if end <= now:
        return f"{kind} in progress. It is taking longer than planned."
    clock = datetime.fromtimestamp(end, UTC).strftime("%H:%M UTC")
    return f"{kind} in progress. Most operations will resume at {clock}."


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
