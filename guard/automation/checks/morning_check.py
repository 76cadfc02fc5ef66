"""Morning health check: is everything there, and is a window that is open meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.automation.checks.servers import ask_database, ask_machine, ask_redis
from guard.automation.notes import Notes
from guard.core.alerts import Severity
from guard.core.durations import humanize
from guard.core.health import Health
from guard.core.overdue import overdue_since

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.roster import RosterEntry
    from guard.core.routine_result import RoutineResult
    from guard.core.state import GuardState

__all__ = ["morning_check"]

_DAY = 86_400.0


def morning_check(world: World) -> RoutineResult:
    """Look at the guard, its servers, its workers, the machine, and what went wrong since yesterday."""
    notes = Notes()
    now = world.clock.wall()
    durable = notes.ask("durable store", world.durable.read, shown=_epoch_and_phase, vital="no durable store")
    live = notes.ask("control plane", world.plane.read, shown=_epoch_and_phase, vital="no control plane")
    notes.ask("broker", lambda: _broker(world), vital="no broker")
    _look_at_window(notes, world, durable, live, now)
    _look_at_workers(notes, world, durable or live)
    _look_at_eviction(notes, world)
    ask_database(notes, world)
    ask_redis(notes, world)
    ask_machine(notes, world)
    _look_at_journal(notes, world, now - _DAY)
    _look_at_health(notes, world)
    return notes.result()


def _look_at_health(notes: Notes, world: World) -> None:
    """As `maintenance health` says it. What else is found above is not found twice."""
    checks = world.health()
    notes.figure("health", {check.name: check.status.value for check in checks})
    for check in checks:
        if check.status is Health.FAIL and check.name in {"beat", "clock"}:
            message = f"{check.name}: {check.note}; {check.remedy}"
            notes.find(Severity.WARNING, f"{check.name} fails", message)


def _broker(world: World) -> str:
    world.ask_broker()
    return "answers"


def _epoch_and_phase(state: GuardState) -> dict[str, Any]:
    return {"epoch": state.epoch, "phase": state.phase.value}


def _look_at_window(
    notes: Notes, world: World, durable: GuardState | None, live: GuardState | None, now: float
) -> None:
    """Intentional is: somebody opened it, the history has it, and it is not over its time."""
    state = durable or live
    if state is None:
        notes.unknown("maintenance", "neither store answers")
        return
    if not state.is_active:
        notes.figure("maintenance", "off")
        return
    notes.figure(
        "maintenance",
        {
            "mode": state.mode.value if state.mode else None,
            "reason": state.reason,
            "since": state.started_at,
            "planned_end": state.planned_end,
            "by": state.by,
        },
    )
    record = notes.ask(
        "window in the history",
        lambda: world.durable.window(state.window_id) is not None,
    )
    mode = state.mode.value if state.mode else "unknown"
    if record is False:
        message = f"a window ({mode}) is open that the history does not know: was it meant to be?"
        notes.find(Severity.CRITICAL, "unknown window", message, subject=state.window_id)
    else:
        message = f"maintenance ({mode}) is on since {humanize(now - (state.started_at or now))}"
        notes.find(Severity.INFO, "window open", message, subject=state.window_id)
    since = overdue_since(state, default_seconds=world.settings.maintenance_default_timeout, now=now)
    if since is not None:
        notes.find(
            Severity.WARNING,
            "window past its end",
            f"maintenance ({mode}) should have ended {humanize(now - since)} ago",
            subject=state.window_id,
        )


def _look_at_workers(notes: Notes, world: World, state: GuardState | None) -> None:
    silent_after = world.settings.guard_lease_seconds

    def shown(roster: list[RosterEntry]) -> dict[str, Any]:
        workers = [entry for entry in roster if entry.card.role == "worker"]
        return {
            "registered": len(workers),
            "silent": sorted(entry.card.node for entry in workers if entry.seen_seconds_ago > silent_after),
            "unacknowledged": sorted(entry.card.node for entry in workers if not _follows(entry, state)),
            "oldest_renewal_seconds": max(
                (round(entry.seen_seconds_ago, 1) for entry in workers), default=None
            ),
            "problems": {entry.card.node: entry.card.problem for entry in workers if entry.card.problem},
        }

    roster = notes.ask("workers", world.plane.roster, shown=shown)
    if roster is None:
        return
    seen = shown(roster)
    if not seen["registered"]:
        notes.find(Severity.WARNING, "no worker", "no guarded worker is registered")
    if seen["silent"]:
        names = ", ".join(seen["silent"][:10])
        notes.find(Severity.WARNING, "silent workers", f"these workers do not renew: {names}")
    for node, problem in seen["problems"].items():
        message = f"{node} takes no guarded work: {problem}"
        notes.find(Severity.WARNING, "worker refuses", message, subject=node)


def _follows(entry: RosterEntry, state: GuardState | None) -> bool:
    return state is None or entry.acknowledged_epoch == state.epoch


def _look_at_eviction(notes: Notes, world: World) -> None:
    policy = notes.ask("Redis eviction policy", world.plane.eviction_policy)
    if policy is not None and policy.startswith("allkeys-"):
        message = f"Redis may evict guard keys and queues (maxmemory-policy {policy}): use noeviction"
        notes.find(Severity.CRITICAL, "unsafe eviction policy", message)


def _look_at_journal(notes: Notes, world: World, since: float) -> None:
    def shown(lines: dict[tuple[str, str], int]) -> dict[str, int]:
        return {
            f"{action}: {outcome}": count for (action, outcome), count in lines.items() if outcome != "done"
        }

    lines = notes.ask(
        "journal lines of the last day that do not say done",
        lambda: world.database.journal_outcomes(since),
        shown=shown,
    )
    if lines and (odd := shown(lines)):
        text = ", ".join(f"{name} ({count})" for name, count in sorted(odd.items())[:10])
        notes.find(Severity.INFO, "journal", f"the journal has: {text}")
