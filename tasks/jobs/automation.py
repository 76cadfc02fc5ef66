"""`tasks.automation.*`: what beat runs."""

from __future__ import annotations

from datetime import UTC, datetime

from tasks.app import app
from tasks.names import BEAT_HEARTBEAT


@app.task(name=BEAT_HEARTBEAT, operation="admin_operations")
def beat_heartbeat() -> str:
    """Say that beat, the broker and a worker of the queue `maintenance` work together.

    Returns:
        The worker's time, UTC, ISO 8601.
    """
    return datetime.now(UTC).isoformat()
