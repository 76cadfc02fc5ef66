"""What beat runs and when: name -> task, schedule, options. Nothing else lives here."""

from __future__ import annotations

from typing import Any

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "beat-heartbeat": {
        "task": "tasks.automation.beat_heartbeat",
        "schedule": 60.0,  # seconds
        # Expires before the next one, so that heartbeats do not pile up while no worker listens.
        "options": {"queue": "maintenance", "expires": 55},
    },
}
