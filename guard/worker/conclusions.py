"""What becomes of a job that an emergency asked to stop: given back, parked, revoked; counted, recorded."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from celery import states
from celery.exceptions import TaskRevokedError
from celery.signals import task_revoked

from guard.core.counts import Count
from guard.core.ladder import Report
from guard.core.named_events import EventName
from guard.core.outcome import Ended, JobOutcome, Went, ended, went
from guard.gates.inner_celery import worker_state
from guard.worker.errands import Errands

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.named_events import Announces
    from guard.gates.inner_celery import Request
    from guard.gates.receipt import ReceiptGate
    from guard.gates.runtime import Runtime
    from guard.ports import Outcomes
    from guard.worker.climber import Climber

__all__ = ["Conclusions"]

log = logging.getLogger(__name__)


class Conclusions:
    """Settles jobs, in a thread beside the ladder.

    Args:
        outcomes: where they are recorded; made at first use.
        node: this worker's name.
        announce: told how each has ended.
    """

    def __init__(
        self,
        *,
        gate: ReceiptGate,
        runtime: Runtime,
        outcomes: Callable[[], Outcomes],
        node: str,
        announce: Announces,
    ) -> None:
        self._gate = gate
        self._runtime = runtime
        self._outcomes = outcomes
        self._node = node
        self._announce = announce
        self._errands = Errands()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return self._errands.idle

    def park(self, climber: Climber) -> None:
        """Put a copy of a job aside that is about to be signalled, and that nobody else has."""

        def park() -> None:
            if climber.has_finished:  # while this could not be done: nobody would drop the copy
                return
            climber.park_id = self._gate.park_copy(climber.request, attempt=climber.attempt)
            if climber.is_left:
                self._drop_copy(climber)

        climber.is_parking = True
        self._errands.add(f"park job {climber.request.id}", park)

    def leave(self, climber: Climber) -> None:
        """It runs on after all: a copy of it that was parked must not run too."""
        climber.is_left = True
        if climber.park_id is not None:
            self._drop_copy(climber)

    def conclude(self, climber: Climber, *, doubtful: bool) -> None:
        """It has ended.

        Args:
            doubtful: its code had returned when its process died. Whether it counts as done is for the
                result backend to say: without a stored success it runs again.
        """
        ended_at = time.time()

        def settle() -> None:
            request = climber.request
            if doubtful and climber.report is Report.LOST and request._success_was_stored():  # noqa: SLF001 - Celery's own question about lost workers
                climber.report = Report.RETURNED
                request.acknowledge()
                worker_state.task_ready(request, successful=True)
            how = ended(climber.report or Report.LOST, signalled=climber.signalled)
            where = self._settle(climber, went(how, acks_late=climber.acks_late, resumable=climber.resumable))
            self._record(climber, how, where, ended_at)

        self._errands.add(f"settle job {climber.request.id}", settle)

    def _settle(self, climber: Climber, where: Went) -> Went:
        request = climber.request
        if where is Went.REQUEUED:
            return Went.PARKED if self._gate.hand_back(request) else Went.REQUEUED
        if where is Went.FINISHED:
            climber.has_finished = True
            if climber.park_id is not None:
                self._drop_copy(climber)
            return where
        if where is Went.PARKED:
            if climber.park_id is None:
                climber.park_id = self._gate.park_copy(request, attempt=climber.attempt)
            request.guard_was_set_aside = True
        else:
            _revoke(request, climber.reason)
        request.acknowledge()
        worker_state.task_ready(request)
        return where

    def _drop_copy(self, climber: Climber) -> None:
        park_id = climber.park_id
        if park_id:
            self._errands.add(
                f"drop the parked copy of job {climber.request.id}", lambda: self._gate.copies.forbid(park_id)
            )

    def _record(self, climber: Climber, how: Ended, where: Went, ended_at: float) -> None:
        request = climber.request
        outcome = JobOutcome(
            attempt=climber.attempt,
            window_id=climber.window_id,
            task_id=request.id,
            task=request.name,
            operation=climber.operation,
            worker=self._node,
            pid=climber.slot.pid,
            asked_at=climber.asked_wall,
            ended_at=ended_at,
            outcome=how,
            went=where,
        )
        if not climber.is_left:  # the census has it again, and by now the window may be another
            self._runtime.count(Count(how.value), climber.operation, window_id=climber.window_id)
        self._tell_of(climber, how, where)
        self._errands.add(f"record job {request.id}", lambda: self._outcomes().record(outcome))

    def _tell_of(self, climber: Climber, how: Ended, where: Went) -> None:
        ended: dict[str, Any] = {**climber.told, "worker": self._node, "went": where.value}
        match how:
            case Ended.INTERRUPTED:
                self._announce(EventName.JOB_INTERRUPTED, **ended, reason=climber.reason)
            case Ended.KILLED:
                self._announce(EventName.JOB_KILLED, **ended, reason=climber.reason)
            case Ended.COMPLETED:
                self._announce(EventName.JOB_COMPLETED, **ended)
            case Ended.LOST:
                self._announce(EventName.JOB_DIED, **ended)


def _revoke(request: Request, reason: str) -> None:
    """It does not run again. Celery's own `mark_as_revoked` tells neither the steps that follow in a chain
    nor error callbacks, which then wait for ever (L16). Its way for failures does both, and takes a state."""
    error = TaskRevokedError(f"ended by maintenance: {reason}")
    context = request._context  # noqa: SLF001 - the context that Celery itself gives to the backend here
    backend = request.task.backend
    if request.store_errors:
        backend.store_result(request.id, error, states.REVOKED, request=context)  # repeated until it succeeds
    if request._already_revoked:  # noqa: SLF001 - Celery's mark
        return
    request._already_revoked = True  # noqa: SLF001
    try:
        backend.mark_as_failure(
            request.id, error, request=context, store_result=request.store_errors, state=states.REVOKED
        )
    except Exception:
        # Not repeated: part of it is done, and a chord must not count one member twice.
        log.exception("job %s is revoked, but not all that waits for it was told", request.id)
    request.send_event("task-revoked", terminated=True, signum=None, expired=False)
    task_revoked.send(sender=request.task, request=context, terminated=True, signum=None, expired=False)
