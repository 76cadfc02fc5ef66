"""Monthly performance review: growth, memory, how long windows and drains took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.automation.checks.servers import ask_redis_memory
from guard.automation.checks.table_growth import note_growth
from guard.automation.history import windows_since
from guard.automation.notes import Notes
from guard.core.activity import lengths_of, median

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["performance_review"]

NAME = "performance-review"
_MONTH = 31 * 86_400.0
_MORNINGS = "morning-check"
_MOST_MORNINGS = 62
_NO_MORNINGS = "no morning check of this time has it"


def performance_review(world: World) -> RoutineResult:
    """The last 31 days. Peaks are of the morning checks, one sample a day: nothing here samples more
    often."""
    notes = Notes()
    now = world.clock.wall()
    since = now - _MONTH
    notes.ask("database size", world.database.size, unit="bytes")
    note_growth(notes, world, NAME, now)
    ask_redis_memory(notes, world)
    _look_at_mornings(notes, world, since)
    notes.ask(
        "lengths of windows",
        lambda: lengths_of(windows_since(world.durable, since)),
        unit="s",
        shown=lambda lengths: _summary(lengths) or "no window ended in this time",
    )
    notes.ask(
        "drain times",
        lambda: world.database.drain_times(since),
        unit="s",
        shown=lambda times: _summary(times) or "no window was drained in this time",
    )
    notes.unknown("response times", "the guard does not see them; ask the web server or the monitoring")
    return notes.result()


def _look_at_mornings(notes: Notes, world: World, since: float) -> None:
    """Redis memory by day, and the highest memory and load that a morning check saw."""
    try:
        runs = world.past.runs(_MORNINGS, _MOST_MORNINGS, since=since)
    except Exception as error:  # noqa: BLE001 - the rest of the review goes on
        runs = []
        notes.unknown("morning checks", f"they do not answer ({type(error).__name__})")
    else:
        notes.figure("morning checks", len(runs))
    trend = [
        {"at": run.due_at, "used": memory["used"]}
        for run in reversed(runs)
        if isinstance(memory := run.result.value("Redis memory"), dict) and "used" in memory
    ]
    _figure_or_unknown(notes, "Redis memory at morning checks", trend, unit="bytes")
    for name, unit in (("memory in use", "%"), ("load per core, 5 minutes", "")):
        values = [value for run in runs if isinstance(value := run.result.value(name), (int, float))]
        _figure_or_unknown(notes, f"{name}, highest at a morning check", max(values, default=None), unit=unit)


def _figure_or_unknown(notes: Notes, name: str, value: Any, *, unit: str) -> None:
    if value is None or value == []:
        notes.unknown(name, _NO_MORNINGS, unit=unit)
    else:
        notes.figure(name, value, unit=unit)


def _summary(values: list[float]) -> dict[str, float] | None:
    middle = median(values)
    if middle is None:
        return None
    return {
        "count": len(values),
        "average": round(sum(values) / len(values), 1),
        "median": round(middle, 1),
        "longest": round(max(values), 1),
    }
