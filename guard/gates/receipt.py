"""The receipt gate: in the worker's main process, before a message is acknowledged in any ack mode.

It is asked when a message arrives (`strategy`), and again when a request that has waited in the
worker is about to go to the pool (`GuardedRequest.revoked`, which Celery calls first; overriding
`execute_using_pool` would never be called, F3). What the start gate sends back comes here too.

A blocked message is *requeued* when its queue is cordoned: it waits there, untouched. It is *parked*
when its queue also carries other work, and when it came by a lane with a bypass that does not count any
more. It is never held unacknowledged (F27, F67).
"""

from __future__ import annotations

import logging
from time import clock_gettime_ns, perf_counter_ns
from typing import TYPE_CHECKING, Any, Protocol

from celery.exceptions import Ignore, Reject, Retry, WorkerLostError
from celery.utils.imports import instantiate

from guard.clock import BOOT, boot_ms
from guard.core.counts import Count
from guard.core.headers import BYPASS_HEADER, FINISHING_HEADER
from guard.core.modes import Gate, Phase
from guard.core.named_events import EventName
from guard.core.operations import mask_of
from guard.core.process_figures import Asked
from guard.core.word import DEADLINE_MASK, GATE_SHIFT
from guard.errors import ParkingFailed
from guard.gates.classify import CARRIERS
from guard.gates.copies import Second, is_copy
from guard.gates.inner_celery import Consumer, Request, worker_state
from guard.gates.messages import in_lane, job_of
from guard.gates.page import SlotState, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery, Task
    from kombu.message import Message

    from guard.core.named_events import Announces
    from guard.core.operations import OperationKind
    from guard.gates.copies import Copies
    from guard.gates.messages import QueueNames
    from guard.gates.publish import PublishGate
    from guard.gates.runtime import Runtime

__all__ = ["Cordons", "Parks", "ReceiptGate"]

log = logging.getLogger(__name__)

_TRY_AGAIN_SECONDS = 1.0
REQUEUE = True
OPEN = int(Gate.OPEN)
"""A plain number: compared for every message."""


class Cordons(Protocol):
    """The worker's cordon."""

    def covers(self, queue: str) -> bool:
        """Whether nothing is to be taken from this queue now. In the main thread, makes sure of it."""


class Parks(Protocol):
    """Who parks."""

    def park(self, message: Message, *, queue: str, operation: str, worker: str, attempt: str = "") -> str:
        """Park a copy, confirmed by the broker, and give its park id; empty when it was dropped as a
        second copy. Raises ParkingFailed; then nothing was parked."""


class ReceiptGate:
    """The gate of one worker."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        gate: PublishGate,
        cordon: Cordons,
        lot: Parks,
        copies: Copies,
        names: QueueNames,
        announce: Announces,
    ) -> None:
        self._runtime = runtime
        self._gate = gate
        self._cordon = cordon
        self._lot = lot
        self._announce = announce
        self.consumer: Consumer | None = None
        self.names = names
        self.scoping = gate.scoping
        self.copies = copies
        self.request_classes: dict[Any, type] = {}
        """By a task's own request class, the one with this gate in it."""

    def strategy(
        self, original: Any, task: Task[..., Any], app: Celery, consumer: Consumer, **options: Any
    ) -> Callable[..., Any]:
        """The handler of messages of one task: the gate, then whatever handler the task had."""
        handle = instantiate(original, task, app, consumer, **options)
        page = self._runtime.page
        if page is None:  # a worker without the guard's step
            return handle  # type: ignore[no-any-return]
        words = page.words
        looked_at = task.name in CARRIERS or self._gate.classifier.by_queue(task.name)
        fixed_mask = None if looked_at else mask_of(self._gate.classifier.task(task.name))

        def guarded_handler(
            message: Message, body: Any, ack: Any, reject: Any, callbacks: Any, **rest: Any
        ) -> Any:
            word = words[0]
            now = clock_gettime_ns(BOOT) // 1_000_000  # `boot_ms` without the call: for every message
            if word >> GATE_SHIFT != OPEN or now >= word & DEADLINE_MASK:
                begun = perf_counter_ns()
                mask = fixed_mask if fixed_mask is not None else mask_of(self.kind_of(message))
                closed = mask and (mask >> (word >> GATE_SHIFT) & 1 or now >= word & DEADLINE_MASK)
                stays = closed and self.is_in_scope(message) and not self._may_pass(message)
                self._runtime.figures.decided(Asked.RECEIPT, perf_counter_ns() - begun)
                if stays:
                    self._arrived_closed(message, ack, reject)
                    return None
            # Asked only of jobs that were released or delivered before: no round trip for the others.
            if is_copy(message) and self._settle_copy(message, lambda: ack(log, consumer.connection_errors)):
                return None
            return handle(message, body, ack, reject, callbacks, **rest)

        return guarded_handler

    def where(self) -> dict[str, Any]:
        """Window and epoch, as far as this worker knows them."""
        return self._runtime.where()

    def blocks(self, request: Request) -> bool:
        """Whether the gate is closed for a request that waits in this worker."""
        page = self._runtime.page
        if page is None:
            return False
        word = page.words[0]
        # As above: asked twice for every job.
        if word >> GATE_SHIFT == OPEN and clock_gettime_ns(BOOT) // 1_000_000 < word & DEADLINE_MASK:
            return False
        return self.covers(request.message) and not self._may_pass(request.message)

    def covers(self, message: Message, *, since: float | None = None) -> bool:
        """Whether the gate is closed for a job, whether or not that very job may pass.

        Args:
            since: UTC seconds when it began, if it runs.
        """
        page = self._runtime.page
        if page is None:
            return False
        word, kind = page.words[0], self.kind_of(message)
        mask = mask_of(kind)
        closed = mask and (mask >> (word >> GATE_SHIFT) & 1 or boot_ms() >= word & DEADLINE_MASK)
        return bool(closed) and self.is_in_scope(message, since=since)

    def is_in_scope(self, message: Message, *, since: float | None = None) -> bool:
        """Whether the window is about a job that came to this worker."""
        return self.scoping.covers_message(
            lambda: self.kind_of(message), message, lambda: self._queue_of(message), since=since
        )

    def _queue_of(self, message: Message) -> str:
        return self.names.of(message, self.consumer) if self.consumer is not None else ""

    def ended_by_emergency(self, request: Request) -> str:
        """The operation of a request that an emergency does not let run; empty for any other."""
        kind = self.kind_of(request.message)
        if Gate.EMERGENCY not in kind.blocked_by or not self.is_in_scope(request.message):
            return ""
        token = request.message.headers.get(BYPASS_HEADER)
        return "" if token is not None and self._gate.passing.is_valid_bypass(token, kind) else kind.name

    def has_started(self, request: Request) -> bool:
        """Whether a child's slot says that this very job runs."""
        page = self._runtime.page
        if page is None:
            return False
        mark = mark_of(request.id)
        return any(
            slot.state is SlotState.RUNNING
            and (slot.mark == mark or (not slot.mark and slot.pid == request.worker_pid))
            for slot in page.slots()
        )

    def _settle_copy(self, message: Message, ack: Callable[[], Any]) -> bool:
        """Whether a copy of a job must not run; then it is parked or dropped."""
        verdict = self.copies.judge(message)
        if verdict is Second.PARK:
            self._park(message, done=ack)
        elif verdict is Second.DROP:
            self._runtime.count(Count.DUPLICATE, self.kind_of(message).name)
            ack()
        return verdict is not Second.RUN

    def set_aside(self, request: Request) -> None:
        """Requeue or park a request, and forget it. Nothing of it has run."""
        self._forget(request)
        errors = request.connection_errors
        if request.acknowledged:
            self._park(request.message, done=lambda: None)
            return
        # From here on nobody else may acknowledge it.
        request.acknowledged = True
        self._give_back(
            request.message,
            ack=lambda: request.on_ack(log, errors),
            requeue=lambda: request.on_reject(log, errors, REQUEUE),
        )

    def note_failure(self, request: Request, error: object) -> None:
        """A job failed. It is counted while parked jobs go back: the release stops when too many do. One
        whose process died cannot say itself that its step has ended."""
        died = isinstance(error, WorkerLostError)
        if not (died and request.task.acks_late and request.task.reject_on_worker_lost):
            self._gate.passing.step_is_over(request.message.headers.get(FINISHING_HEADER))
        state = self._runtime.belief.state
        if state is None or state.phase is not Phase.RELEASING or isinstance(error, (Ignore, Reject, Retry)):
            return
        kind = self.kind_of(request.message)
        if kind.guarded:
            self._runtime.count(Count.FAILED, kind.name)

    def hand_back(self, request: Request) -> bool:
        """Give a request back that ran and was ended, from any thread: to its queue where that is held or
        open, else parked. True when it was parked. Its broker has it still.

        Raises:
            ParkingFailed: try again; nothing was acknowledged.
        """
        assert self.consumer is not None  # noqa: S101 - it received the request
        request.guard_was_set_aside = True
        request.acknowledged = True  # from here on nobody else may acknowledge it
        parked = self.blocks(request) and not self._cordon.covers(
            self.names.of(request.message, self.consumer)
        )
        if parked:
            self.park_copy(request, attempt="")
            request.on_ack(log, request.connection_errors)
        else:
            self._count_requeued(request.message)
            request.on_reject(log, request.connection_errors, REQUEUE)
        self._forget(request)
        return parked

    def park_copy(self, request: Request, *, attempt: str) -> str:
        """Park a copy of a request that runs, or ran. Gives its park id.

        Args:
            attempt: see `ParkingLot.park`; empty for a request that its broker still has.

        Raises:
            ParkingFailed: try again.
        """
        assert self.consumer is not None  # noqa: S101 - it received the request
        message = request.message
        return self._lot.park(
            message,
            queue=self.names.of(message, self.consumer),
            operation=self.kind_of(message).name,
            worker=self.consumer.hostname,
            attempt=attempt,
        )

    def _arrived_closed(self, message: Message, ack: Any, reject: Any) -> None:
        assert self.consumer is not None  # noqa: S101 - messages arrive through it
        errors = self.consumer.connection_errors
        self._give_back(message, ack=lambda: ack(log, errors), requeue=lambda: reject(log, errors, REQUEUE))

    def _give_back(self, message: Message, *, ack: Callable[[], Any], requeue: Callable[[], Any]) -> None:
        assert self.consumer is not None  # noqa: S101
        queue = self.names.of(message, self.consumer)
        if in_lane(message):
            # There it would come back at once. Parked, it goes to its queue when the gate opens.
            self._gate.passing.step_is_over(message.headers.get(FINISHING_HEADER))
        elif self._cordon.covers(queue):
            self._count_requeued(message)
            requeue()
            return
        self._park(message, done=ack)

    def _count_requeued(self, message: Message) -> None:
        operation = self.kind_of(message).name
        self._runtime.count(Count.REQUEUED, operation)
        task_id, name, retries, *_ = job_of(message)
        key = (message.delivery_info or {}).get("routing_key")
        self._announce(
            EventName.JOB_HELD,
            **self._runtime.where(),
            task_id=task_id,
            task=name,
            operation=operation,
            queue=key,
            retries=retries,
        )

    def _park(self, message: Message, *, done: Callable[[], Any]) -> None:
        assert self.consumer is not None  # noqa: S101
        queue = self.names.of(message, self.consumer)
        try:
            self._lot.park(
                message, queue=queue, operation=self.kind_of(message).name, worker=self.consumer.hostname
            )
        except ParkingFailed as error:
            # Not acknowledged, so not lost. Not requeued either: that would come back at once.
            log.error("%s; trying again in %s s", error, _TRY_AGAIN_SECONDS)  # noqa: TRY400 - the cause is in the message
            self.consumer.timer.call_after(_TRY_AGAIN_SECONDS, self._park, (message,), {"done": done})
            return
        done()

    def _forget(self, request: Request) -> None:
        worker_state.task_ready(request)

    def _may_pass(self, message: Message) -> bool:
        """Whether a message may pass although its job is blocked: by a bypass, or as a step that goes on."""
        token = message.headers.get(BYPASS_HEADER)
        if token is not None and self._gate.passing.may_bypass(token, self.kind_of(message)):
            return True
        return in_lane(message) and self._gate.passing.goes_on(message.headers.get(FINISHING_HEADER))

    def kind_of(self, message: Message) -> OperationKind:
        """The operation of the job in a message."""
        _, name, _, args, kwargs = job_of(message)
        queue = None
        if self.consumer is not None and self._gate.classifier.by_queue(name):
            queue = self.names.of(message, self.consumer)
        return self._gate.classifier.job(name, args, kwargs, queue=queue)
