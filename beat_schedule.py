"""What beat runs, when, and what becomes of it when a maintenance window is open at that time.

`TIMETABLE` is the one table: beat's schedule is made from it, and `guard.core.routines` decides by it.

- `when` is a number of seconds, or the name of the setting that has seconds (`every …`) or a local time in
  GUARD_TIME_ZONE (`08:00`, `sun 02:00`, `mon#1 10:00`, `off`).
- Beat itself sends only what has an interval. One of these, `run-due-routines`, sends what is due by local
  time. So a time is run once, whoever is away and however many beats there are; see `docs/automation.md`.
- `in_window`: SKIP does not run, AFTERWARDS runs once when the window is over, ANYWAY runs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from guard.core.alert_rules import APPLICATION_SECONDS, DATABASE_SECONDS, SYSTEM_SECONDS
from guard.core.appointments import Every
from guard.core.timetable import InWindow, Row, timetable
from tasks.names import (
    ADVANCE_WINDOW,
    BEAT_HEARTBEAT,
    EXPIRY_SWEEP,
    MAKE_REPORTS,
    RUN_DUE_ROUTINES,
    RUN_ROUTINE,
    SCHEDULED_WINDOWS,
    SEND_NOTIFICATIONS,
    SESSION_CLEANUP,
    WATCH_APPLICATION,
    WATCH_DATABASE,
    WATCH_SYSTEM,
    WEEKLY_OPTIMIZATION,
)

if TYPE_CHECKING:
    from guard import Settings

SKIP, AFTERWARDS, ANYWAY = InWindow.SKIP, InWindow.AFTERWARDS, InWindow.ANYWAY
HEARTBEAT_SECONDS = float(os.environ.get("TASKS_HEARTBEAT_SECONDS") or 60)
TICK_SECONDS = float(os.environ.get("TASKS_TICK_SECONDS") or 30)
NOTIFY_SECONDS = float(os.environ.get("TASKS_NOTIFY_SECONDS") or 10)
REPORT_SECONDS = 60.0
HOUR = 3600.0


def row(name: str, task: str, when: str | float, in_window: InWindow, **options: Any) -> Row:
    """A line of the table."""
    return Row(name=name, task=task, when=when, in_window=in_window, **options)


# fmt: off
TIMETABLE = (
    # Mere ticks: each looks whether there is something to do, and does nothing otherwise.
    row("advance-window",      ADVANCE_WINDOW,      TICK_SECONDS,                   ANYWAY, recorded=False),
    row("scheduled-windows",   SCHEDULED_WINDOWS,   TICK_SECONDS,                   ANYWAY, recorded=False),
    row("run-due-routines",    RUN_DUE_ROUTINES,    TICK_SECONDS,                   ANYWAY, recorded=False),
    row("send-notifications",  SEND_NOTIFICATIONS,  NOTIFY_SECONDS,                 ANYWAY, recorded=False),
    row("make-reports",        MAKE_REPORTS,        REPORT_SECONDS,                 ANYWAY, recorded=False),
    row("beat-heartbeat",      BEAT_HEARTBEAT,      HEARTBEAT_SECONDS,              ANYWAY, recorded=False),

    # The figures that alert rules look at, as often as the guides say. One look of a turn counts.
    row("watch-application",   WATCH_APPLICATION,   APPLICATION_SECONDS,            ANYWAY, recorded=False),
    row("watch-system",        WATCH_SYSTEM,        SYSTEM_SECONDS,                 ANYWAY, recorded=False),
    row("watch-database",      WATCH_DATABASE,      DATABASE_SECONDS,               ANYWAY, recorded=False),

    # Routines by interval. In a window sessions expire too, and windows become late: they go on.
    row("session-cleanup",     SESSION_CLEANUP,     "maintenance_cleanup_interval", ANYWAY, limit=660),
    row("expiry-sweep",        EXPIRY_SWEEP,        "guard_sweep_interval",         ANYWAY, limit=120),

    # Routines by local time. The daily ones say whether an open window is meant to be, so they run in it.
    row("morning-check",       RUN_ROUTINE,         "guard_morning_check",          ANYWAY),
    row("evening-review",      RUN_ROUTINE,         "guard_evening_review",         ANYWAY),
    row("security-audit",      RUN_ROUTINE,         "guard_security_audit",         ANYWAY),
    # Their figures are to have the whole window, and sizes of tables that nobody works on.
    row("weekly-review",       RUN_ROUTINE,         "guard_weekly_review",          AFTERWARDS),
    row("performance-review",  RUN_ROUTINE,         "guard_performance_review",     AFTERWARDS),
    # A window of its own: it must not meet another one, nor be made up for when people work again.
    row("weekly-optimization", WEEKLY_OPTIMIZATION, "guard_weekly_optimization",    SKIP,
        grace=2 * HOUR, limit=4 * HOUR + 60),
)
# fmt: on


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Celery's `beat_schedule`: the entries of the table that have an interval.

    Raises:
        guard.InvalidRequest: a time of the settings cannot be read.
    """
    return {
        entry.name: {
            "task": entry.task,
            "schedule": entry.when.seconds,
            # Expires before the next one, so that messages do not pile up while no worker listens.
            "options": {"queue": entry.queue, "expires": entry.expires},
        }
        for entry in timetable(TIMETABLE, vars(settings))
        if isinstance(entry.when, Every)
    }
