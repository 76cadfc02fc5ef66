"""`tasks.maintenance.*`: the orchestrator, on a queue of its own. No window ever blocks it.

The same code runs on the command line and in a web app's process; here it is for callers who cannot
wait, and for beat, which brings on a window that its caller has left. Neither task is needed for a
window to go on: the workers' own housekeeping does it too, a little later. Messages to people are another
matter: who changes something begins to send them, and what that leaves, this alone sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import guard
from tasks.app import app
from tasks.names import ADVANCE_WINDOW, CONDUCT_WINDOW, SEND_NOTIFICATIONS

if TYPE_CHECKING:
    from celery import Task

_SLICE_SECONDS = 25.0
"""One task waits no longer: less than beat's interval, so that one runs at a time, and much less than the
broker's visibility timeout, after which a task that waits for hours would be delivered again."""
_SENDING_SECONDS = 90
"""More than a round of the sender and its last mail take."""


@app.task(bind=True, name=CONDUCT_WINDOW, operation="admin_operations", ignore_result=True)
def conduct_window(self: Task[..., None], /, **request: Any) -> None:
    """Open a window and begin to drain it. Delivered again after a crash, it goes on with the same window.

    Args:
        request: as `Guard.enable` takes it; the window's id is this task's unless one is given.
    """
    maintenance = guard.install(app)
    maintenance.enable(**{"window_id": self.request.id, **request})
    maintenance.drain(within=_SLICE_SECONDS)


@app.task(name=ADVANCE_WINDOW, operation="admin_operations", ignore_result=True)
def advance_window() -> None:
    """Bring the open window on, whoever opened it: close, drain, keep its deadline, release. Returns at
    once when there is nothing to do, and after half a minute at the latest."""
    guard.install(app).drain(within=_SLICE_SECONDS)


@app.task(
    name=SEND_NOTIFICATIONS,
    operation="admin_operations",
    ignore_result=True,
    soft_time_limit=_SENDING_SECONDS - 10,
    time_limit=_SENDING_SECONDS,
)
def send_notifications() -> None:
    """Send the messages that are due; returns at once when none is, or another process sends."""
    guard.install(app).notifications.step()
