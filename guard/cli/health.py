"""`maintenance health`: how the parts are, with figures and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.cli.exits import Exit
from guard.cli.options import command, json_option
from guard.cli.render import Screen, print_json, short_time
from guard.cli.where import find_guard
from guard.core.health import Health, overall

if TYPE_CHECKING:
    import click

    from guard.core.health import HealthCheck

__all__ = ["health"]

_PATIENCE_SECONDS = 4.0
"""Longer than a store's own time-out: a server that hangs has failed by then."""
_TONES = {Health.PASS: "good", Health.WARN: "warn", Health.FAIL: "bad", Health.UNKNOWN: "warn"}
_EXITS = {Health.PASS: Exit.DONE, Health.WARN: Exit.UNCONFIRMED, Health.FAIL: Exit.AWAY}


@command("health", example="health\nhealth --json", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@json_option
def health(ctx: click.Context, *, as_json: bool) -> None:
    """Say how the parts are: database, Redis, broker, workers, beat, disk, clock.

    Each says pass, warn, fail or unknown, with a figure and its age. What did not answer within 4 seconds is
    unknown, which is never well. Nothing is changed. Over HTTP the same is at /api/health/maintenance.

    Exit code 0: all pass. 4: a part warns, or is unknown. 5: a part fails.
    """
    checks = find_guard(ctx).health.now(_PATIENCE_SECONDS)
    worst = overall(checks)
    if as_json:
        print_json({"status": worst.value, "checks": [check.to_dict() for check in checks]})
    else:
        _screen(ctx, checks, worst).show()
    ctx.exit(_EXITS[worst])


def _screen(ctx: click.Context, checks: tuple[HealthCheck, ...], worst: Health) -> Screen:
    screen = Screen(ctx)
    not_well = [check.name for check in checks if check.status is not Health.PASS]
    summary = f"{', '.join(not_well)}: see below" if not_well else f"all {len(checks)} parts are well"
    screen.head(f"Health: {worst.value}: {summary}", _TONES[worst])
    for check in checks:
        said = [_figure(check), check.note, _age(check)]
        label = f"{check.name:<8} {check.status.value}"
        screen.row(f"{label:<18}", "; ".join(part for part in said if part), _TONES[check.status])
    for check in checks:
        if check.remedy:
            screen.note(f"{check.name}: {check.remedy}", _TONES[check.status])
    return screen


def _figure(check: HealthCheck) -> str:
    if check.value is None:
        return ""
    shown = f"{check.value:g}" if isinstance(check.value, int | float) else str(check.value)
    return f"{shown} {check.unit}".rstrip()


def _age(check: HealthCheck) -> str:
    if check.age is None:
        return "" if check.status is not Health.UNKNOWN else "never known"
    return f"{short_time(check.age)} ago" if check.age >= 0.1 else ""
