"""What can be said about a window that has just been closed: who acknowledged, what runs, what may bite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.barrier import Verdict
from guard.orchestrator.status import describe
from guard.orchestrator.window import Running

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from guard.core.roster import RosterEntry
    from guard.orchestrator.closing import Closed

__all__ = ["seen_of", "warnings_of", "workers_of"]

_SLOW_SECONDS = 1.0

_NOBODY_KNOWS: dict[str, Any] = dict.fromkeys(("acknowledged", "unconfirmed", "producers", "running"))


def workers_of(roster: list[RosterEntry] | None) -> list[RosterEntry]:
    """Those of the registered agents that run jobs; empty also when the registry does not answer."""
    return [entry for entry in roster or () if entry.card.role == "worker"]


def seen_of(roster: list[RosterEntry] | None, epoch: int) -> dict[str, Any]:
    """What a `Window` says about the fleet at this epoch; all of it None without a registry."""
    if roster is None:
        return _NOBODY_KNOWS
    workers = workers_of(roster)
    return {
        "acknowledged": _names(workers, lambda entry: entry.acknowledged_epoch >= epoch),
        "unconfirmed": _names(workers, lambda entry: entry.acknowledged_epoch < epoch),
        "producers": sum(
            entry.card.role == "producer" and entry.acknowledged_epoch >= epoch for entry in roster
        ),
        "running": _running(workers, epoch),
    }


def warnings_of(roster: list[RosterEntry] | None, closed: Closed) -> list[str]:
    """What the operator should know about how the gates were closed."""
    warnings = []
    if roster is None:
        warnings.append("the registry of workers does not answer")
    if closed.problem:
        warnings.append(f"the control plane was not told: {closed.problem}")
    if closed.verdict is Verdict.CONFIRMED and closed.took >= _SLOW_SECONDS:
        warnings.append(
            "closing took its time because the registry of workers was too young to be known to be whole "
            "(Redis or the fleet was started just now)"
        )
    return warnings


def _names(workers: Collection[RosterEntry], wanted: Callable[[RosterEntry], bool]) -> tuple[str, ...]:
    return tuple(sorted(describe(entry) for entry in workers if wanted(entry)))


def _running(workers: Collection[RosterEntry], epoch: int) -> tuple[Running, ...] | None:
    """What runs; None when a worker has acknowledged and what it said is gone: somebody has brought the
    window on meanwhile, and each epoch asks anew. Unknown is not zero."""
    if any(entry.report is None and entry.acknowledged_epoch >= epoch for entry in workers):
        return None
    return tuple(
        Running(task_id=job.task_id, task=job.task, worker=entry.card.node, since=job.since)
        for entry in workers
        if entry.report is not None
        for job in entry.report.running
    )
