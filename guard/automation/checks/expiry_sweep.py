"""Expiry sweep: what has passed its time. It tells; it ends and deletes only what nobody can miss.

A window that a person opened is never ended here, however late: only that person knows whether the work is
done. A rehearsal blocks nothing, so it ends when its time is over. Parked jobs go back with the release,
whose policy says what becomes of their expiry. Bypasses and leases carry their own end, and need nobody to
sweep them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notes import Notes
from guard.core.alerts import Severity
from guard.core.durations import humanize
from guard.core.modes import Mode
from guard.core.overdue import expired_jobs, overdue_since

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.parked import ParkedJob
    from guard.core.roster import RosterEntry
    from guard.core.routine_result import RoutineResult
    from guard.core.state import GuardState

__all__ = ["expiry_sweep"]

_DAY = 86_400.0
_MOST_PARKED = 2000
_NAMED = 20
_RECENT_WINDOWS = 50
_COUNTERS_SECONDS = 30 * 86_400
"""As the stores that write these keys say."""


def expiry_sweep(world: World) -> RoutineResult:
    """One round."""
    notes = Notes()
    now = world.clock.wall()
    state = notes.ask("phase", world.durable.read, shown=lambda found: found.phase.value)
    if state is not None:
        _look_at_window(notes, world, state, now)
    _look_at_parked(notes, world, now)
    _look_at_registry(notes, world)
    notes.ask("keys without an expiry that got one", lambda: _mend_keys(world))
    notes.ask("old history deleted", lambda: _forget(world, now))
    return notes.result()


def _look_at_window(notes: Notes, world: World, state: GuardState, now: float) -> None:
    since = overdue_since(state, default_seconds=world.settings.maintenance_default_timeout, now=now)
    if since is None:
        notes.figure("window past its end", value="no")
        return
    if state.mode is Mode.TEST:
        notes.ask("rehearsal ended", lambda: _end(world, state))
        return
    notes.figure("window past its end", {"window_id": state.window_id, "since": since})
    mode = state.mode.value if state.mode else "unknown"
    # The end is part of the subject: who extends a window and is late again is told again.
    notes.find(
        Severity.WARNING,
        "window past its end",
        f"maintenance ({mode}) should have ended {humanize(now - since)} ago; `maintenance disable` ends it,"
        " `maintenance change --duration` gives it more time",
        subject=f"{state.window_id}@{since:.0f}",
    )


def _end(world: World, state: GuardState) -> str:
    world.end_rehearsal(state)
    return state.window_id


def _look_at_parked(notes: Notes, world: World, now: float) -> None:
    def look() -> tuple[list[ParkedJob], bool]:
        jobs = world.index.jobs(_MOST_PARKED)
        expired = expired_jobs(jobs, policy=world.settings.guard_expired_jobs, now=now)
        return expired, len(jobs) < _MOST_PARKED

    def shown(found: tuple[list[ParkedJob], bool]) -> int | str:
        expired, whole = found
        return len(expired) if whole else f"at least {len(expired)}"

    found = notes.ask("parked jobs past their expiry", look, shown=shown)
    if found is None:
        return
    for job in found[0][:_NAMED]:
        notes.find(
            Severity.WARNING,
            "parked job expired",
            f"{job.task} {job.task_id} of queue {job.queue} expired while it was parked"
            " (GUARD_EXPIRED_JOBS=extend would move its expiry)",
            subject=job.task_id,
        )
    if len(found[0]) > _NAMED:
        message = f"{len(found[0])} parked jobs have expired, {_NAMED} of them are named"
        notes.find(Severity.WARNING, "parked jobs expired", message)


def _look_at_registry(notes: Notes, world: World) -> None:
    lease = world.settings.guard_lease_seconds

    def shown(roster: list[RosterEntry]) -> int:
        return sum(entry.seen_seconds_ago > lease for entry in roster)

    notes.ask("agents whose lease has run out", world.plane.roster, shown=shown)


def _mend_keys(world: World) -> int:
    """A process that died between writing and expiring them leaves counters and outcomes for ever."""
    records = world.durable.windows(_RECENT_WINDOWS)
    names = [key(record.window_id) for record in records for key in (world.keys.counts, world.keys.outcomes)]
    return world.redis.make_expire(names, _COUNTERS_SECONDS)


def _forget(world: World, now: float) -> dict[str, int]:
    settings = world.settings
    days = settings.guard_journal_days
    return world.retention.forget(
        before=now - settings.guard_history_days * _DAY,
        frequent=world.frequent,
        frequent_before=now - _DAY,
        journal_before=now - days * _DAY if days else None,
        reports_before=now - settings.guard_report_days * _DAY,
    )
