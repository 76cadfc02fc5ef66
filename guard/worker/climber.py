"""One running job on the emergency ladder, in the worker's main process."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from billiard.exceptions import Terminated, TimeLimitExceeded, WorkerLostError

from guard.core.ladder import Climb, Code, Report
from guard.core.terms import LONGEST_GRACE
from guard.gates.inner_celery import worker_state
from guard.gates.not_started import Interrupted
from guard.gates.page import SlotState

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.gates.inner_celery import Request
    from guard.gates.page import SlotView
    from guard.worker.processes import Child

__all__ = ["Climber"]

_DEATHS = (WorkerLostError, Terminated, TimeLimitExceeded, SystemExit, KeyboardInterrupt)
"""What Celery is told when the process of a job has ended under it."""


class Climber:
    """What is known of one attempt, and what was done about it.

    Args:
        slot: the attempt: index of the slot, process, start.
        child: its process; None in a pool that cannot end one job.
        tell: called in Celery's main loop when it has said how the job ended.
    """

    def __init__(
        self,
        *,
        slot: SlotView,
        request: Request,
        operation: str,
        child: Child | None,
        tell: Callable[[Climber], None],
    ) -> None:
        self.slot = slot
        self.request = request
        self.operation = operation
        self.child = child
        self.attempt = uuid.uuid4().hex
        self.acks_late = bool(request.task.acks_late)
        self.resumable = bool(getattr(request.task, "resumable", False))
        self.soft_stop = bool(getattr(request.task, "soft_stop", False))
        self.own_grace = _seconds(getattr(request.task, "grace_period", None))
        self.window_id = ""
        self.reason = ""
        self.asked_wall = 0.0
        self.asked_at: float | None = None
        self.terminated_at: float | None = None
        self.killed_at: float | None = None
        self.report: Report | None = None
        self.is_parking = False
        self.is_left = False
        """Whether it runs on, because the emergency was over before it was signalled."""
        self.is_concluded = False
        self.has_finished = False
        """Whether it counts as done: no copy of it may run."""
        self.park_id: str | None = None
        self._tell = tell

    @property
    def told(self) -> dict[str, Any]:
        """What each named event of it says."""
        return {
            "window_id": self.window_id,
            "task_id": self.request.id,
            "task": self.request.name,
            "operation": self.operation,
        }

    @property
    def signalled(self) -> bool:
        """Whether a signal of ours has been, or is being, sent."""
        return self.terminated_at is not None

    @property
    def must_park(self) -> bool:
        """Whether nobody else has this job: acknowledged before it ran, and not parked yet."""
        return self.resumable and not self.acks_late and self.park_id is None

    def asked(self, state: GuardState, now: float) -> None:
        """It is being asked to stop. From here on Celery's reports come to us."""
        self.window_id, self.reason = state.window_id, state.reason
        self.asked_at, self.asked_wall = now, time.time()
        self.request.guard_climb = self

    def takes(self, error: BaseException) -> bool:
        """Celery says how the job ended. Whether what becomes of it is for the ladder to say."""
        if isinstance(error, Interrupted):
            return self._report(Report.INTERRUPTED)
        if self.is_left:
            return False
        if self.signalled and isinstance(error, _DEATHS):
            return self._report(Report.LOST)
        died = isinstance(error, _DEATHS) and not isinstance(error, TimeLimitExceeded)
        self._report(Report.LOST if died else Report.RAISED)
        return False

    def _report(self, report: Report) -> bool:
        if self.report is None:
            self.report = report
            self._tell(self)
        return True

    def look(self, slot: SlotView, *, grace: float, terminable: bool, wanted: bool) -> Climb:
        """What is known now, given what its slot says."""
        alive = self.child is None or not self.child.is_gone()
        if self.report is None:
            if not alive and self.signalled:
                self.report = Report.LOST
            elif self.request not in worker_state.active_requests:
                # Successes do not pass through us; failures do, before Celery forgets the request.
                self.report = Report.RETURNED
        return Climb(
            grace=self.own_grace if self.own_grace is not None else grace,
            asked_at=self.asked_at,
            terminated_at=self.terminated_at,
            killed_at=self.killed_at,
            code=self._code(slot),
            alive=alive,
            reported=self.report is not None,
            terminable=terminable and self.child is not None,
            must_park=self.must_park,
            wanted=wanted,
        )

    def _code(self, slot: SlotView) -> Code:
        if not slot.is_same(self.slot):
            return Code.OVER
        return {SlotState.RUNNING: Code.RUNS, SlotState.EXITING: Code.EXITING}.get(slot.state, Code.OVER)

    def may_have_succeeded(self, slot: SlotView) -> bool:
        """Whether its own code had returned when its process died: a signal can arrive in that instant."""
        return slot.is_same(self.slot) and slot.state is SlotState.COMPLETED


def _seconds(value: Any) -> float | None:
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    return min(float(value), LONGEST_GRACE) if known else None
