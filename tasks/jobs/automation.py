"""`tasks.automation.*`: what beat runs, on the queue `maintenance`. No window ever blocks it.

When each runs, and what a window does to it, is in `beat_schedule.py`. Each may run twice at once: the
routines hold locks, and the others look before they act.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import guard
from guard.core.alert_rules import APPLICATION_SECONDS, DATABASE_SECONDS, SYSTEM_SECONDS
from tasks.app import app
from tasks.names import (
    BEAT_HEARTBEAT,
    EXPIRY_SWEEP,
    MAKE_REPORTS,
    RUN_DUE_ROUTINES,
    RUN_ROUTINE,
    SCHEDULED_WINDOWS,
    SESSION_CLEANUP,
    WATCH_APPLICATION,
    WATCH_DATABASE,
    WATCH_SYSTEM,
    WEEKLY_OPTIMIZATION,
)

_BY = "beat"
_TICK_SECONDS = 60
"""Hard limit of tasks that only look, or sweep a little."""
_CHECK_SECONDS = 300
_CLEANUP_SECONDS = 600
_OPTIMIZATION_SECONDS = 4 * 3600
"""The limits of the rows in `beat_schedule.py` are these and a little: then a run is certainly over."""
_SOFT_SECONDS = 10
"""Sooner, so that what was looked at so far is told."""


@app.task(name=BEAT_HEARTBEAT, operation="admin_operations")
def beat_heartbeat() -> str:
    """Say that beat, the broker and a worker of the queue `maintenance` work together.

    Returns:
        The worker's time, UTC, ISO 8601.
    """
    _ticked()
    return datetime.now(UTC).isoformat()


@app.task(
    name=RUN_DUE_ROUTINES,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_TICK_SECONDS - _SOFT_SECONDS,
    time_limit=_TICK_SECONDS,
)
def run_due_routines() -> None:
    """Send what is due by local time. What was sent and lost is sent again by the next tick.

    And end the window of a weekly optimization whose process died: nobody else would before the next one.
    """
    maintenance = guard.install(app)
    for due in maintenance.routines.step():
        app.send_task(
            due.entry.task,
            kwargs={"name": due.entry.name, "due_at": due.ruling.due_at},
            queue=due.entry.queue,
            expires=due.entry.expires,
        )
    maintenance.optimization.recover()


@app.task(
    name=RUN_ROUTINE,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_CHECK_SECONDS - _SOFT_SECONDS,
    time_limit=_CHECK_SECONDS,
)
def run_routine(name: str, due_at: float) -> None:
    """Run a routine for one time of the timetable. A second copy of this message does nothing."""
    guard.install(app).routines.run(name, by=_BY, due_at=due_at)


@app.task(
    name=WEEKLY_OPTIMIZATION,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_OPTIMIZATION_SECONDS - _SOFT_SECONDS,
    time_limit=_OPTIMIZATION_SECONDS,
    acks_late=False,  # it is the timetable that repeats it if its worker dies
)
def weekly_optimization(name: str, due_at: float) -> None:
    """As `run_routine`, with time for a window of its own."""
    guard.install(app).routines.run(name, by=_BY, due_at=due_at)


@app.task(
    name=SESSION_CLEANUP,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_CLEANUP_SECONDS - _SOFT_SECONDS,
    time_limit=_CLEANUP_SECONDS,
)
def session_cleanup() -> None:
    """Delete expired sessions, if it is time."""
    guard.install(app).routines.tick("session-cleanup", by=_BY)


@app.task(
    name=EXPIRY_SWEEP,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_TICK_SECONDS - _SOFT_SECONDS,
    time_limit=_TICK_SECONDS,
)
def expiry_sweep() -> None:
    """Look for what has passed its time, if it is time."""
    guard.install(app).routines.tick("expiry-sweep", by=_BY)


@app.task(
    name=SCHEDULED_WINDOWS,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_TICK_SECONDS - _SOFT_SECONDS,
    time_limit=_TICK_SECONDS,
)
def scheduled_windows() -> None:
    """Begin, extend and end planned windows."""
    guard.install(app).schedule.run_due()


@app.task(
    name=WATCH_APPLICATION,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_TICK_SECONDS - _SOFT_SECONDS,
    time_limit=_TICK_SECONDS,
)
def watch_application() -> None:
    """Look at the application's figures, and at the window that is open."""
    _ticked()
    guard.install(app).alerts.look(APPLICATION_SECONDS)


@app.task(
    name=WATCH_SYSTEM,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_TICK_SECONDS - _SOFT_SECONDS,
    time_limit=_TICK_SECONDS,
)
def watch_system() -> None:
    """Look at servers, workers and this machine."""
    guard.install(app).alerts.look(SYSTEM_SECONDS)


@app.task(
    name=WATCH_DATABASE,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_TICK_SECONDS - _SOFT_SECONDS,
    time_limit=_TICK_SECONDS,
)
def watch_database() -> None:
    """Look at what the application's database says about itself."""
    guard.install(app).alerts.look(DATABASE_SECONDS)


def _ticked() -> None:
    with contextlib.suppress(guard.GuardError):  # while Redis is away nobody could read it either
        guard.install(app).health.ticked()


@app.task(
    name=MAKE_REPORTS,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_CHECK_SECONDS - _SOFT_SECONDS,
    time_limit=_CHECK_SECONDS,
)
def make_reports() -> None:
    """Make the reports that are due: of windows that have ended, of the week, the month, the audit."""
    guard.install(app).reports.make_due(by=_BY)
