"""The status for people."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from guard.cli.render import Screen, counted, known, moment
from guard.cli.scope_options import scope_said
from guard.core.durations import humanize

if TYPE_CHECKING:
    import click

    from guard.orchestrator.status import Status
    from guard.settings import Settings

__all__ = ["status_screen"]


def status_screen(ctx: click.Context, seen: Status, settings: Settings) -> Screen:
    """The status as a compact screen."""
    screen = Screen(ctx)
    screen.head(*_headline(seen, switched_on=settings.maintenance_mode_enabled))
    if seen.is_active:
        screen.row("reason", seen.reason)
        screen.row("since", _since(seen.started_at))
        screen.row("planned end", *_end(seen.estimated_completion))
        screen.row("blocked", ", ".join(seen.blocked_operations) or "nothing")
        only = scope_said(seen.scope)
        if only:
            screen.row("only", only, "warn")
    _workers(screen, seen)
    if seen.is_active is not False:
        _in_flight(screen, seen.in_flight)
        screen.row("held", counted(seen.held, "job"))
    screen.row("parked", counted(seen.parked, "job"))
    if seen.is_active is not False:
        screen.row("refused", counted(seen.refused, "job"))
    screen.row("message", seen.message)
    _local_close(screen, settings)
    for warning in seen.warnings:
        screen.note(warning)
    return screen


def _headline(seen: Status, *, switched_on: bool) -> tuple[str, str]:
    if not switched_on:
        return "Maintenance: SWITCHED OFF by MAINTENANCE_MODE_ENABLED=false, nothing is guarded", "bad"
    if seen.is_active is None:
        return "Maintenance: UNKNOWN, no store answers; who cannot know stays closed", "bad"
    where = f"{known(seen.phase)}, epoch {known(seen.epoch)}"
    if not seen.is_active:
        return f"Maintenance: off ({where})", "good"
    word = {"emergency": "EMERGENCY", "test": "REHEARSAL"}.get(seen.mode or "", "ON")
    return f"Maintenance: {word} ({where})", "bad" if seen.mode == "emergency" else "warn"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _age(moment_text: str) -> str:
    return humanize(time.time() - _seconds(moment_text))


def _since(started_at: str | None) -> str:
    if started_at is None:
        return "unknown"
    seconds = _seconds(started_at)
    return f"{moment(seconds)} ({humanize(time.time() - seconds)} ago)"


def _end(completion: str | None) -> tuple[str, str]:
    if completion is None:
        return "none", ""
    seconds = _seconds(completion)
    left = seconds - time.time()
    if left < 0:
        return f"{moment(seconds)} (over by {humanize(-left)})", "warn"
    return f"{moment(seconds)} (in {humanize(left)})", ""


def _workers(screen: Screen, seen: Status) -> None:
    if seen.workers.live is None:
        screen.row("workers", "unknown", "bad")
        return
    workers = seen.workers
    all_follow = not workers.unconfirmed
    text = f"{workers.live} live, {workers.acknowledged} acknowledged epoch {known(seen.epoch)}"
    screen.row("workers", text, "good" if workers.live and all_follow else "")
    screen.more(f"! unconfirmed: {name}" for name in workers.unconfirmed or ())
    screen.more(f"! {node}: {problem}" for node, problem in (workers.problems or {}).items())


def _in_flight(screen: Screen, in_flight: Any) -> None:
    if in_flight is None:
        screen.row("in flight", "unknown")
        return
    lost = f", {in_flight['lost']} lost" if in_flight["lost"] else ""
    screen.row("in flight", f"{in_flight['running']} running, {in_flight['reserved']} reserved{lost}")
    screen.more(
        f"{job['task']} {job['task_id']} on {job['worker']}, for {_age(job['since'])}"
        for job in in_flight["jobs"]
    )
    screen.more(f"! unknown: {node} has not reported" for node in in_flight["unknown"])


def _local_close(screen: Screen, settings: Settings) -> None:
    from guard.bootstrap import local_close_file

    path = local_close_file(settings)
    if path.exists():
        screen.note(
            f"this machine is closed locally by {path}; `maintenance close-local --open` removes it", "bad"
        )
