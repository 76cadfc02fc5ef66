"""Plans as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.cli.render import Screen, counted, known
from guard.core.durations import humanize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from guard.api.schedule import PlannedWindow
    from guard.core.occurrence import Occurrence
    from guard.core.planned import Plan
    from guard.core.scope import Scope

__all__ = ["list_screen", "plan_screen"]


def list_screen(ctx: click.Context, found: Sequence[PlannedWindow]) -> Screen:
    """All plans, with their next starts."""
    screen = Screen(ctx)
    screen.head(f"Planned: {counted(len(found), 'window')}")
    rows = []
    for one in found:
        starts = [start.shown for start in one.next] or ["cancelled" if one.cancelled_at else "none to come"]
        plan = one.plan
        for number, start in enumerate(starts):
            first = number == 0
            cells = (one.schedule_id[:8], plan.name, plan.mode.value, humanize(plan.duration))
            rows.append((*(cells if first else ("",) * len(cells)), start, plan.when.rule if first else ""))
    if rows:
        screen.table(("id", "name", "mode", "duration", "next start", "again"), rows)
    return screen


def plan_screen(ctx: click.Context, seen: PlannedWindow, outcome: str) -> Screen:
    """One plan."""
    plan = seen.plan
    screen = Screen(ctx)
    word = outcome or ("cancelled" if seen.cancelled_at else "planned")
    screen.head(f"{word.capitalize()}: {plan.name} ({plan.mode.value} window)")
    screen.row("reason", plan.reason)
    screen.row("planned by", plan.by)
    screen.row("duration", humanize(plan.duration))
    if seen.estimate is not None:
        screen.more([seen.estimate.basis])
    screen.row("again", plan.when.rule or "no, once")
    if plan.when.skipped:
        screen.row("except", ", ".join(plan.when.skipped))
    screen.row("next", seen.next[0].shown if seen.next else "none")
    screen.more(start.shown for start in seen.next[1:])
    screen.row("announced", _times(plan.notices))
    if plan.look_ahead:
        screen.row("look-ahead", f"{humanize(plan.look_ahead)} before the start")
    if not plan.terms.scope.is_everything:
        screen.row("scope", _scope(plan.terms.scope))
    screen.row("end", _end(plan))
    if plan.terms.drain_within is not None:
        screen.row(
            "drain", f"within {humanize(plan.terms.drain_within)}, then {plan.terms.at_deadline.value}"
        )
    if seen.occurrences:
        rows = [_row(plan, row) for row in seen.occurrences]
        screen.table(("start", "stage", "window", "notices", "note"), rows)
    screen.row("id", seen.schedule_id)
    for warning in seen.warnings:
        screen.note(warning)
    return screen


def _times(seconds: tuple[int, ...]) -> str:
    return ", ".join(f"{humanize(one)} before" for one in seconds) if seconds else "not at all"


def _end(plan: Plan) -> str:
    if not plan.auto_end:
        return "by a person: `maintenance disable`"
    if not plan.extend_by:
        return "by itself"
    return f"by itself; moved by {humanize(plan.extend_by)} up to {counted(plan.max_extensions, 'time')}"


def _scope(scope: Scope) -> str:
    parts = (
        ("operations", scope.operations),
        ("queues", scope.queues),
        (f"tenants by {scope.tenant_key}", scope.tenants),
    )
    return "; ".join(f"{name} {', '.join(names)}" for name, names in parts if names)


def _row(plan: Plan, row: Occurrence) -> tuple[str, ...]:
    return (
        plan.says(row.starts_at),
        row.stage.value,
        row.window_id[:8] or "none",
        known(len(row.given)),
        row.note,
    )
