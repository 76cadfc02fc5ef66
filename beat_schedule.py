"""What beat runs and when: name -> task, schedule, options. Nothing else lives here."""

from __future__ import annotations

import os
from typing import Any

ADVANCE_SECONDS = 30.0
HEARTBEAT_SECONDS = float(os.environ.get("TASKS_HEARTBEAT_SECONDS") or 60)

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "advance-window": {
        # Takes over a window whose caller is gone. Does nothing while none is open.
        "task": "tasks.maintenance.advance_window",
        "schedule": ADVANCE_SECONDS,
        "options": {"queue": "maintenance", "expires": ADVANCE_SECONDS * 0.9},
    },
    "beat-heartbeat": {
        "task": "tasks.automation.beat_heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        # Expires before the next one, so that heartbeats do not pile up while no worker listens.
        "options": {"queue": "maintenance", "expires": HEARTBEAT_SECONDS * 0.9},
    },
}
