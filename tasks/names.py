"""The names the jobs are registered and called by.

Jobs call each other by name: no module of jobs imports another.
"""

from __future__ import annotations

from typing import Final

OPTIMIZE_IMAGE: Final = "tasks.images.optimize"
GENERATE_CAPTION: Final = "tasks.captions.generate"
PROCESS_BATCH: Final = "tasks.batch.process"
SUMMARISE_BATCH: Final = "tasks.batch.summarise"
FAIL_BATCH: Final = "tasks.batch.fail"
CONDUCT_WINDOW: Final = "tasks.maintenance.conduct_window"
ADVANCE_WINDOW: Final = "tasks.maintenance.advance_window"
SEND_NOTIFICATIONS: Final = "tasks.maintenance.send_notifications"
BEAT_HEARTBEAT: Final = "tasks.automation.beat_heartbeat"
RUN_DUE_ROUTINES: Final = "tasks.automation.run_due_routines"
RUN_ROUTINE: Final = "tasks.automation.run_routine"
SESSION_CLEANUP: Final = "tasks.automation.session_cleanup"
MAKE_REPORTS: Final = "tasks.automation.make_reports"
EXPIRY_SWEEP: Final = "tasks.automation.expiry_sweep"
SCHEDULED_WINDOWS: Final = "tasks.automation.scheduled_windows"
WEEKLY_OPTIMIZATION: Final = "tasks.automation.weekly_optimization"
WATCH_APPLICATION: Final = "tasks.automation.watch_application"
WATCH_SYSTEM: Final = "tasks.automation.watch_system"
WATCH_DATABASE: Final = "tasks.automation.watch_database"

ORCHESTRATION: Final = frozenset(
    {
        *(CONDUCT_WINDOW, ADVANCE_WINDOW, BEAT_HEARTBEAT, RUN_DUE_ROUTINES, RUN_ROUTINE, SESSION_CLEANUP),
        *(EXPIRY_SWEEP, SCHEDULED_WINDOWS, WEEKLY_OPTIMIZATION, SEND_NOTIFICATIONS, MAKE_REPORTS),
        *(WATCH_APPLICATION, WATCH_SYSTEM, WATCH_DATABASE),
    }
)
"""What runs in a window too: nobody guards it."""

JOB_MODULES: Final = (
    "tasks.jobs.images",
    "tasks.jobs.captions",
    "tasks.jobs.batch",
    "tasks.jobs.automation",
    "tasks.jobs.maintenance",
)
"""What `tasks.app` imports so that every job is registered."""
