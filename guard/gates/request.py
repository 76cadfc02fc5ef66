"""The request of a guarded job in the worker's main process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.utils.imports import symbol_by_name

from guard.gates.inner_celery import ExceptionWithTraceback, worker_state
from guard.gates.not_started import Interrupted, NotStarted

if TYPE_CHECKING:
    from guard.gates.receipt import ReceiptGate

__all__ = ["guarded_request_class", "is_guarded_request"]

_LOOK_AGAIN_SECONDS = 0.02


class GuardedRequest:
    """Mixed in before the task's own request class.

    What is overridden, and why it is reached: Celery's generated class calls `revoked` first thing
    in `execute_using_pool`, calls `on_failure` for every outcome that is no success, and passes
    `on_accepted` to the pool. It overrides `on_success` itself and never calls ours.
    """

    guard_gate: ReceiptGate
    guard_was_set_aside = False
    guard_climb: Any = None
    """Where this job is on the emergency ladder (`guard.worker.climber`); None before it was asked."""

    def revoked(self: Any) -> bool:
        """Skip a revoked job, or one that the gate blocks."""
        if self.guard_was_set_aside:
            return True
        if super().revoked():  # type: ignore[misc]
            return True
        if not self.guard_gate.blocks(self):
            return False
        self.guard_set_aside()
        return True

    def on_accepted(self: Any, pid: int, time_accepted: float) -> None:
        """A child took the job. With early acknowledgement this is where Celery acknowledges.

        While closed, that child may be about to refuse it. So it is acknowledged only when the job is
        seen to have started; until then a crash leaves it with the broker.
        """
        bookkeeper = self.guard_gate.copies.bookkeeper
        if bookkeeper is not None:  # before it is acknowledged: from then on no broker knows of it
            bookkeeper.started(self)
        if self.acknowledged or self.task.acks_late or not self.guard_gate.blocks(self):
            super().on_accepted(pid, time_accepted)  # type: ignore[misc]
            return
        self.acknowledged = True  # for the call below, which would acknowledge
        super().on_accepted(pid, time_accepted)  # type: ignore[misc]
        self.acknowledged = False
        self._guard_acknowledge_once_started()

    def _guard_acknowledge_once_started(self: Any) -> None:
        settled = worker_state.requests.get(self.id) is not self or self.guard_gate.has_started(self)
        # Asked after `settled`: a pool thread marks a job before it forgets it.
        if self.acknowledged or self.guard_was_set_aside:
            return
        if settled:
            self.acknowledge()
            return
        consumer = self.guard_gate.consumer
        if consumer is not None:
            consumer.timer.call_after(_LOOK_AGAIN_SECONDS, self._guard_acknowledge_once_started)

    def on_failure(self: Any, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:  # noqa: FBT001, FBT002 - Celery's signature
        """Every outcome that is no success. A job that the start gate held back goes aside."""
        error = exc_info.exception
        if isinstance(error, ExceptionWithTraceback):
            error = error.exc
        bookkeeper = self.guard_gate.copies.bookkeeper
        if bookkeeper is not None:
            bookkeeper.failed(self, error)
        if isinstance(error, NotStarted):
            self.guard_set_aside()
            return None
        if self.guard_climb is not None:
            if self.guard_climb.takes(error):  # the ladder says what becomes of this job
                return None
        elif isinstance(error, Interrupted):
            self.guard_set_aside()
            return None
        self.guard_gate.note_failure(self, error)
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)  # type: ignore[misc]

    def on_timeout(self: Any, soft: bool, timeout: float) -> None:  # noqa: FBT001 - Celery's signature
        """A time limit. Once the guard has signalled a job, its end is the guard's to record."""
        if soft or self.guard_climb is None or not self.guard_climb.signalled:
            super().on_timeout(soft, timeout)  # type: ignore[misc]

    def guard_set_aside(self: Any) -> None:
        """Requeue or park this job, once."""
        if not self.guard_was_set_aside:
            self.guard_was_set_aside = True
            self.guard_gate.set_aside(self)


def guarded_request_class(original: Any, gate: ReceiptGate) -> type:
    """The request class of a task, with the gate in it; the same for the same two."""
    made = gate.request_classes.get(original)
    if made is None:
        base = symbol_by_name(original)
        made = type(f"Guarded{base.__name__}", (GuardedRequest, base), {"guard_gate": gate})
        gate.request_classes[original] = made
    return made


def is_guarded_request(cls: object) -> bool:
    """Whether a task's request class has the gate in it."""
    return isinstance(cls, type) and issubclass(cls, GuardedRequest)
