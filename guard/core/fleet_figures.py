"""What monitoring is told of the fleet: one look, as plain numbers. None: nobody could say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core import process_figures as sums_of
from guard.core.counts import Count
from guard.core.modes import Gate, Phase
from guard.core.overdue import overdue_since
from guard.core.roster import SEEN_LATELY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.core.account import Account
    from guard.core.process_figures import Histogram
    from guard.core.roster import RosterEntry
    from guard.core.session_sweep import Marks
    from guard.core.state import GuardState

__all__ = [
    "MODES",
    "FleetFigures",
    "Part",
    "with_state",
    "with_sums",
    "with_window",
    "with_workers",
    "workers_by_standing",
]

MODES = ("off", "normal", "emergency", "test")
"""How the guard can stand, for monitoring: the modes, and no window."""


class Part(StrEnum):
    """What a look asks, as it is called in `guard_up`."""

    REDIS = "redis"
    SQL = "sql"
    BROKER = "broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFigures:
    """One look. Times are seconds.

    Attributes:
        age: since the look was begun; None when there was none.
        up: which of the asked parts answered.
        mode: one of `MODES`.
        phase, epoch: of the guard state.
        workers: by standing: ``live``, ``acknowledged``, ``unconfirmed``, ``broken`` (refuses guarded work).
        unguarded: consumers that no guard holds; only while workers have cordoned queues.
        in_flight, reserved, not_reported: while a window is open.
        parked, held, lost: jobs; `lost` only with the ledger.
        refused: jobs that this window has refused.
        window_age: since the window was opened. window_overrun: past its planned end, 0 before it.
        drain_age: since the opening, while it drains. drain_overrun: past the drain's deadline, 0 before it.
        drain_blockers: what the drain waits for.
        jobs: by what happened and operation; requests: by operation; since the installation began.
        decisions: how long decisions took, by where they were asked for; drains: the same of drains.
        failures: of stores.
        invalidations: how often sessions were ended.
        sessions_left: whether some of them are still to be deleted.
        beat_age: since beat's last run of a routine by interval.
    """

    age: float | None = None
    up: Mapping[str, bool] = field(default_factory=dict)
    mode: str | None = None
    phase: str | None = None
    epoch: int | None = None
    workers: Mapping[str, int] | None = None
    unguarded: int | None = None
    in_flight: int | None = None
    reserved: int | None = None
    not_reported: int | None = None
    parked: int | None = None
    held: int | None = None
    lost: int | None = None
    refused: int | None = None
    window_age: float | None = None
    window_overrun: float | None = None
    drain_age: float | None = None
    drain_overrun: float | None = None
    drain_blockers: int | None = None
    jobs: Mapping[tuple[str, str], int] | None = None
    requests: Mapping[str, int] | None = None
    decisions: Mapping[str, Histogram] | None = None
    drains: Histogram | None = None
    failures: Mapping[str, int] | None = None
    invalidations: int | None = None
    sessions_left: bool | None = None
    beat_age: float | None = None


def with_state(figures: FleetFigures, state: GuardState, *, now: float, usual_length: float) -> FleetFigures:
    """Add what the guard state says.

    Args:
        now: UTC seconds.
        usual_length: of a window whose end nobody planned, in seconds.
    """
    opened = state.started_at if state.is_active else None
    age = max(0.0, now - opened) if opened is not None else None
    drains = state.phase is Phase.DRAINING
    late_since = overdue_since(state, default_seconds=usual_length, now=now)
    deadline = state.drain_deadline if drains else None
    is_closed = state.gate in {Gate.NORMAL, Gate.EMERGENCY}
    return replace(
        figures,
        mode=state.mode.value if state.mode is not None and state.is_active else MODES[0],
        phase=state.phase.value,
        epoch=state.epoch,
        window_age=age,
        window_overrun=None if not is_closed else now - late_since if late_since is not None else 0.0,
        drain_age=age if drains else None,
        drain_overrun=max(0.0, now - deadline) if deadline is not None else None,
        invalidations=state.generation.number,
    )


def with_workers(
    figures: FleetFigures, roster: Iterable[RosterEntry], state: GuardState | None
) -> FleetFigures:
    """Add what the registered workers say; of jobs only while a window is open, since they report none
    before."""
    workers = [entry for entry in roster if entry.card.role == "worker"]
    counted = replace(figures, workers=workers_by_standing(workers, epoch=state.epoch if state else None))
    if state is None or not state.is_active:
        return counted
    reports = [entry.report for entry in workers if entry.report is not None]
    return replace(
        counted,
        in_flight=sum(len(report.running) for report in reports),
        reserved=sum(report.reserved for report in reports),
        not_reported=len(workers) - len(reports),
    )


def with_window(
    figures: FleetFigures, state: GuardState | None, account: Account | None, marks: Marks
) -> FleetFigures:
    """Add what was counted for the window: `account` is None before the first one."""
    if state is None:
        return figures
    return replace(
        figures,
        refused=account.total(Count.REFUSED) if account is not None else 0,
        sessions_left=marks.cleaned < state.generation.number,
    )


def with_sums(figures: FleetFigures, sums: Mapping[str, int]) -> FleetFigures:
    """Add what all processes have summed up. What is not there was never counted: that is zero."""
    return replace(
        figures,
        jobs=sums_of.jobs_in(sums),
        requests=sums_of.requests_in(sums),
        decisions=sums_of.decisions_in(sums),
        drains=sums_of.drains_in(sums),
        failures=sums_of.failures_in(sums),
    )


def workers_by_standing(workers: Iterable[RosterEntry], *, epoch: int | None) -> dict[str, int]:
    """How many workers live, have acknowledged this epoch, have not, and refuse guarded work (`broken`). Of
    an epoch that nobody knows nobody has acknowledged anything: those two are left out."""
    entries = list(workers)
    counts = {
        "live": sum(entry.seen_seconds_ago < SEEN_LATELY_SECONDS for entry in entries),
        "broken": sum(bool(entry.card.problem) for entry in entries),
    }
    if epoch is None:
        return counts
    followers = sum(entry.acknowledged_epoch == epoch for entry in entries)
    return {**counts, "acknowledged": followers, "unconfirmed": len(entries) - followers}
