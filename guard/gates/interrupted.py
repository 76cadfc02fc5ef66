"""How a job that was asked to stop has ended, as its pool child sees it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from celery.exceptions import Ignore, Reject, Retry, SoftTimeLimitExceeded

from guard.errors import JobInterrupted
from guard.gates.inner_celery import hear_sigterm_again, is_exiting
from guard.gates.not_started import Interrupted
from guard.gates.page import Rung, SlotState

if TYPE_CHECKING:
    from celery import Task

    from guard.gates.page import Slot

__all__ = ["left_by", "outlived"]


def left_by(error: BaseException, slot: Slot, task: Task[..., Any]) -> int:
    """The state of the slot of a job that was asked to stop and raised this.

    Raises:
        Interrupted: instead of the error, when the job stopped because it was asked.
    """
    signalled = slot.rung is Rung.SIGNALLED
    if signalled and isinstance(error, SystemExit) and is_exiting():
        return SlotState.EXITING  # Celery's handler of SIGTERM: this process is about to end
    soft = isinstance(error, SoftTimeLimitExceeded) and bool(getattr(task, "soft_stop", False))
    # After the signal any error is taken for its effect, but for Celery's own ways to end a job.
    broken = signalled and not isinstance(error, (Ignore, Reject, Retry))
    if isinstance(error, JobInterrupted) or soft or broken:
        raise Interrupted(task.name) from error
    return SlotState.FAILED


def outlived(slot: Slot) -> None:
    """A job has ended in a process that was told to end. If that was for this very job, and what the signal
    has raised is not on its way up, the process goes on."""
    if slot.was_signalled and not isinstance(sys.exc_info()[1], SystemExit):
        hear_sigterm_again()
