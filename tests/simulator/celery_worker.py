"""As much of a Celery worker as the guard touches: a consumer, requests, a pool, and who runs them.

The gates in it are the guard's: `ReceiptGate`, the request class, the start gate, `Cordon`,
`set_reserved_aside`.
"""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from celery.bootsteps import CLOSE, RUN

from guard.core.operations import CATALOGUE
from tests.simulator.broker import BrokerDown
from tests.simulator.hub import hub

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.broker import Line
    from tests.simulator.worker import Worker
    from tests.simulator.world import World

__all__ = ["TASKS", "Consumer", "Gate", "Request", "app", "settings"]


class Kind:
    """A task of the application."""

    def __init__(self, name: str, queue: str, operation: str, *, late: bool) -> None:
        self.name = name
        self.queue = queue
        self.kind = CATALOGUE[operation]
        self.blocked_by = tuple(sorted(gate.name for gate in self.kind.blocked_by))
        self.acks_late = late
        self.reject_on_worker_lost = True


TASKS = {
    task.name: task
    for task in (
        Kind("caption", "heavy", "caption_generation", late=True),
        Kind("batch", "mixed", "batch_operations", late=True),
        Kind("early", "mixed", "job_creation", late=False),
        Kind("look", "mixed", "read_operations", late=True),
    )
}
"""`heavy` carries guarded work alone and is cordoned; on `mixed` guarded jobs are parked one by one."""


class Classifier:
    """`guard.gates.classify.Classifier` without an app."""

    def task(self, name: str, *, queue: str | None = None) -> Any:
        return TASKS[name].kind

    def by_queue(self, name: str) -> bool:
        return False

    def routed(self, name: str) -> str:
        return TASKS[name].queue

    def job(self, name: str, args: Any, kwargs: Any, *, queue: str | None = None) -> Any:
        return TASKS[name].kind


class _NobodyPasses:
    def may_bypass(self, token: object, kind: object) -> bool:
        return False

    def goes_on(self, token: object) -> bool:
        return False

    def starts_by_bypass(self, token: object, kind: object, task: object) -> bool:
        return False

    def step_is_over(self, token: object) -> None:
        """There are no steps that go on."""


class _EverythingInScope:
    def covers_message(self, *_: object, **__: object) -> bool:
        return True

    def covers_start(self, *_: object, **__: object) -> bool:
        return True


class Gate:
    """`guard.gates.publish.PublishGate`, as far as workers ask it."""

    def __init__(self, world: World, runtime: Any) -> None:
        self._world = world
        self.runtime = runtime
        self.classifier = Classifier()
        self.passing = _NobodyPasses()
        self.scoping = _EverythingInScope()

    def job_stopped(self, task: Any) -> None:
        """Announced only."""

    def job_not_started(self, kind: Any, task: Any) -> None:
        request = task.job
        self._world.log("not started", request.id, task.incarnation, task.gate_seen(), request.message.tag)


class _Queue:
    def __init__(self, name: str) -> None:
        self.name = name


_APP = SimpleNamespace(
    amqp=SimpleNamespace(queues=SimpleNamespace(consume_from={"heavy": 1, "mixed": 1})), tasks=dict(TASKS)
)


def app() -> Any:
    """The application."""
    return _APP


def settings() -> Any:
    """The settings that the cordon asks for."""
    return SimpleNamespace(hold_queues=(), mixed_queues=())


_RUNS, _STOPS = SimpleNamespace(state=RUN), SimpleNamespace(state=CLOSE)


class Consumer:
    """`celery.worker.consumer.Consumer`, its `task_consumer` and its timer in one."""

    connection_errors = (BrokerDown,)

    def __init__(self, worker: Worker, line: Line) -> None:
        self._worker = worker
        self.line = line
        self.hostname = worker.name
        self.app = _APP
        self.task_buckets: dict[str, Any] = {}
        self.task_consumer = self.timer = self.qos = self
        self.queues = [_Queue("heavy"), _Queue("mixed")]
        self._consuming = {"heavy", "mixed"}
        self._active_tags = {"heavy": "tag-heavy", "mixed": "tag-mixed"}
        self._started = False

    @property
    def blueprint(self) -> Any:
        """Its state, which says whether the worker stops."""
        return _STOPS if self._worker.stopping else _RUNS

    def start(self) -> None:
        """Begin to take what is not cordoned."""
        self._started = True
        self._tell()

    def cancel_by_queue(self, name: str) -> None:
        self._consuming.discard(name)
        self._tell()

    def add_queue(self, queue: Any) -> None:
        self._consuming.add(queue.name)

    def consume(self) -> None:
        self._tell()

    def consuming_from(self, name: str) -> bool:
        return name in self._consuming

    def _tell(self) -> None:
        if self._started:
            self.line.consumes = set(self._consuming)
            self._worker.world.broker.pump()

    def decrement_eventually(self) -> None:
        """No prefetch is lent here."""

    def cancel(self, entry: Any) -> None:
        entry.cancelled = True

    def call_after(self, seconds: float, act: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        entry = SimpleNamespace(cancelled=False)
        worker = self._worker

        def due() -> None:
            if not entry.cancelled:
                worker.soon(lambda: act(*args, **(kwargs or {})))

        now = hub()
        now.at(now.now + seconds / worker.process.rate, due)
        return entry

    def call_soon(self, act: Callable[..., Any], *args: Any) -> None:
        self._worker.soon(lambda: act(*args))


class Request:
    """`celery.worker.request.Request`."""

    def __init__(self, worker: Worker, message: Any) -> None:
        self.worker = worker
        self.message = message
        self.id = message.headers["id"]
        self.task = TASKS[message.headers["task"]]
        self.name = self.task.name
        self.job = worker.world.jobs[self.id]
        self.acknowledged = False
        self.worker_pid: int | None = None
        self.connection_errors = (BrokerDown,)
        self._apply_result: Any = None
        self._eta_timer_entry: Any = None

    def revoked(self) -> bool:
        return False

    def on_ack(self, _log: object, _errors: object) -> None:
        with suppress(BrokerDown):
            self.message.ack()

    def on_reject(self, _log: object, _errors: object, requeue: bool) -> None:
        with suppress(BrokerDown):
            self.message.requeue() if requeue else self.message.ack()

    def acknowledge(self) -> None:
        if not self.acknowledged:
            if not self.task.acks_late:
                self.worker.world.log("early ack", self.id, self.worker.agent_id)
            self.on_ack(None, None)
            self.acknowledged = True

    def on_accepted(self, pid: int, time_accepted: float) -> None:
        self.worker_pid = pid
        self.worker.process.state.active_requests.add(self)
        if not self.task.acks_late:
            self.acknowledge()

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:
        """What is left here is a lost child: the job goes back to its queue if that still has it."""
        if not self.acknowledged:
            self.acknowledged = True
            self.on_reject(None, None, True)
        self.worker.process.state.task_ready(self)

    def _success_was_stored(self) -> bool:
        return bool(self.job.stored)

    def on_success(self) -> None:
        if self.task.acks_late:
            self.acknowledge()
        self.worker.process.state.task_ready(self)
