"""A worker: main process, agent, witness, housekeeper and pool children; and who follows its gate."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from celery.exceptions import WorkerLostError

from guard.agent.witness import Witness
from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.modes import Gate as GateCode
from guard.core.named_events import not_announced
from guard.errors import JobInterrupted
from guard.gates.messages import QueueNames, generation_of, job_of, publication_of
from guard.gates.page import SlotState
from guard.gates.request import guarded_request_class
from guard.gates.runtime import Runtime
from guard.gates.start import put_start_gate
from guard.worker.conclusions import Conclusions
from guard.worker.cordon import Cordon
from guard.worker.housekeeper import Housekeeper
from guard.worker.reserved import count_reserved, set_reserved_aside
from tests.simulator.broker import BrokerClient, BrokerDown
from tests.simulator.celery_worker import TASKS, Consumer, Gate, Request, settings
from tests.simulator.conducting import Conducting
from tests.simulator.emergency import Outcomes, work
from tests.simulator.hub import hub
from tests.simulator.page import Page
from tests.simulator.stand_ins import WorkerState, hiccup
from tests.simulator.stores import Durable, Ear, RedisClient, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.worker.ladder import Ladder
    from tests.simulator.hub import Process
    from tests.simulator.world import World

__all__ = ["Follower", "Worker", "quiet_figures"]


class _QuietFigures:
    """Figures are not simulated."""

    def decided(self, _asked: object, _nanoseconds: int) -> None:
        """Not counted."""

    def unsent(self) -> None:
        return None


quiet_figures: Any = _QuietFigures()


class _NoFile:
    """The file by which an operator closes this machine."""

    def __init__(self) -> None:
        self.there = False

    def exists(self) -> bool:
        return self.there


class Child:
    """A pool child: a process of its own that shares the page."""

    def __init__(self, worker: Worker, index: int) -> None:
        world = worker.world
        self.worker = worker
        self.index = index
        self.process = world.new_process(f"{worker.name}/{index}", like=worker.process)
        self.process.state = worker.process.state
        world.children[self.process.pid] = self
        self.request: Any = None
        self.job: Any = None
        self.incarnation = worker.agent_id
        self.process.child = self
        self.exit_begun = self.term_is_pending = self.exits_after_job = False
        self.exit_seconds = 0.0
        self._napping: Any = None
        self.slot = worker.page.slot_of(index, self.process.pid)
        runtime: Any = SimpleNamespace(
            child_slot=self.slot, figures=quiet_figures, is_worker=True, is_pool_child=True, page=worker.page
        )
        gate = Gate(world, runtime)
        self._make = lambda name: self._task(name, runtime, gate)
        self._made: dict[str, Any] = {}
        self._waiting: Any = None
        self._asked: Any = None
        hub().spawn(self.process, self._run)

    def _task(self, name: str, runtime: Any, gate: Gate) -> Any:
        task: Any = SimpleNamespace(
            name=name,
            run=self._body,
            request=SimpleNamespace(
                get=lambda _key, default=None: default, called_directly=False, is_eager=False
            ),
            incarnation=self.incarnation,
            gate_seen=lambda: self.worker.page.read()[0].name,
            job=None,
        )
        put_start_gate(task, runtime, gate)  # type: ignore[arg-type]
        return task

    def give(self, request: Any) -> None:
        """From the main process, through a pipe."""
        self.request = request
        now = hub()
        now.at(now.now + 0.0005, lambda: self._arrives(request))

    def _arrives(self, request: Any) -> None:
        self._asked = request
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            hub().wake(waiting)

    def _run(self) -> None:
        now, worker, world = hub(), self.worker, self.worker.world
        while True:
            while self._asked is None:
                self._waiting = now.current
                now.park(None)
            request, self._asked = self._asked, None
            worker.soon(lambda request=request: worker.accepted(request, self))
            hiccup("accepted")
            self.job = request.job
            task = self._made.get(request.task.name)
            if task is None:
                task = self._made[request.task.name] = self._make(request.task.name)
            task.job = request
            error: BaseException | None = None
            try:
                task.run()
            except Exception as caught:  # noqa: BLE001 - as Celery's tracer
                error = caught
            except SystemExit:
                self._exit()
            if self.exits_after_job:
                if world.reactions.random() < 0.5:
                    request.job.stored = True
                if not request.job.stored:  # nor by an earlier run: a stored success stays, and is believed
                    world.log("cut short", request.id, self.incarnation, self.process.pid, "moment")
                self._exit()
            request.job.stored = request.job.stored or error is None
            hiccup("ended")
            worker.soon(lambda request=request, error=error: worker.done(request, self, error))

    def _body(self) -> None:
        """The job itself."""
        world, request = self.worker.world, self.request
        job, blocked_by = request.job, request.task.blocked_by
        word = self.worker.page.read()
        world.log(
            "started",
            request.id,
            self.incarnation,
            self.process.looked,
            blocked_by,
            request.message.tag,
            word[0].name,
            self.worker.process.boot(self.process.looked),
        )
        world.running[self.process.pid] = request.id
        try:
            work(self, job.seconds / self.process.rate)
        except (JobInterrupted, Exception, SystemExit) as error:
            del world.running[self.process.pid]
            how = type(error).__name__
            world.fired[f"a job was cut short: {how}"] += 1
            world.log("cut short", request.id, self.incarnation, self.process.pid, how)
            raise
        del world.running[self.process.pid]
        world.log("ended", request.id, self.incarnation, self.process.pid)
        job.ended = True

    def nap(self, seconds: float) -> None:
        """Wait for so much simulated time, or until something is asked of this child."""
        now = hub()
        self._napping = now.current
        now.park(seconds * self.process.rate)
        self._napping = None

    def poke(self) -> None:
        """It is asked to stop, or signalled."""
        if self._napping is not None:
            napping, self._napping = self._napping, None
            hub().wake(napping)

    def _exit(self) -> None:
        """The process ends. Does not return."""
        hub().sleep(self.exit_seconds)
        self.worker.world.kill_child(self, by="exit")


class Follower:
    """`guard.agent.follower.Follower`: the guard's own, cut down to what the simulated worker has. The
    census is not in it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._seen: Any = None
        self._ladder: Ladder | None = None
        self.is_busy = False

    def adopted(self, state: GuardState) -> None:
        if self._ladder is None and state.gate is GateCode.EMERGENCY and self._busy_slots():
            self._ladder = self._worker.make_ladder()
        if self._ladder is not None:
            self._ladder.follow(state)

    def stop(self, within: float) -> None:
        """The worker ends."""
        if self._ladder is not None:
            self._ladder.stop(within)

    @property
    def climbs(self) -> bool:
        """Whether the ladder has something to do, or to record."""
        ladder = self._ladder
        if ladder is None:
            return False
        return bool(ladder._walking or ("_conclusions" in ladder.__dict__ and not ladder._conclusions.idle))

    def gate_is(self, gate: GateCode) -> None:
        worker = self._worker
        if gate is GateCode.UNKNOWN:
            worker.world.fired["a lease ran out"] += 1
        self.is_busy = True
        if worker.consumer is not None:
            worker.soon(worker.follow)
        if gate is GateCode.OPEN:
            worker.housekeeper.wake()

    def is_quiet(self) -> bool:
        return not self._worker.page.anyone_entering()

    def tick(self, state: GuardState) -> bool:
        seen = (
            self._busy_slots(),
            count_reserved(self._worker.consumer, self._worker.receipt),
            self._worker.in_pool(),
        )
        if seen[0] and state.gate is GateCode.EMERGENCY:
            self.adopted(state)
        changed, self._seen = seen != self._seen, seen
        self.is_busy = bool(seen[0] or seen[1] or seen[2]) and state.gate is not GateCode.TEST
        return changed

    def sample(self) -> None:
        """Nobody estimates here."""

    def _busy_slots(self) -> tuple[tuple[int, int], ...]:
        return tuple((slot.pid, slot.started_ms) for slot in self._worker.page.slots() if slot.is_busy)

    def report(self) -> AgentReport:
        worker = self._worker
        slots = [slot for slot in worker.page.slots() if slot.is_busy]
        alive = [slot for slot in slots if worker.world.is_alive(slot.pid)]
        running = [slot for slot in alive if slot.state is SlotState.RUNNING]
        jobs = []
        for slot in running:
            child = worker.world.children[slot.pid]
            jobs.append(RunningJob(task_id=child.request.id if child.request else "", task="", since=0.0))
        return AgentReport(
            running=tuple(jobs),
            reserved=count_reserved(worker.consumer, worker.receipt),
            cordoned=worker.cordon.cordoned,
            lost_slots=sum(slot.state is SlotState.RUNNING for slot in slots) - len(running),
            ending=max(0, worker.in_pool() - len(running)),
        )


class Worker:
    """One life of a worker."""

    def __init__(self, world: World, name: str, *, children: int) -> None:
        self.world = world
        self.name = name
        self.agent_id = world.next_name(name)
        self.process: Process = world.new_process(self.agent_id)
        self.process.state = WorkerState()
        self.slots = children
        self.local_close = _NoFile()
        self.page = Page(world, self.agent_id, children)
        self.runtime = Runtime(ensure_agent=lambda: None, count_at_once=lambda *_: None)
        self.runtime.figures = quiet_figures
        self.runtime.page = self.page
        self.runtime.is_worker = True
        self.consumer: Consumer | None = None
        self._tasks: deque[Callable[[], Any]] = deque()
        self._waiting: Any = None
        self._pool: deque[Any] = deque()
        self.children: list[Child] = []
        self.stopping = False
        self.follower: Any = None
        hub().spawn(self.process, self._main)

    # -- the main process ---------------------------------------------------------------------------

    def _main(self) -> None:
        world, process = self.world, self.process
        client = RedisClient(world, process)
        durable = Durable(world, process, witness=True)
        parts = world.parts
        gate = Gate(world, self.runtime)
        names = QueueNames()
        self.cordon = Cordon(
            runtime=self.runtime,
            classifier=gate.classifier,
            settings=settings(),
            names=names,  # type: ignore[arg-type]
        )
        index = parts.index(RedisClient(world, process))
        lot = parts.parking_lot(
            broker=BrokerClient(world, process),
            queue=world.parked,
            index=index,
            describe=lambda m: (*job_of(m)[:3], publication_of(m), generation_of(m)),
            window_id=lambda: self.runtime.where()["window_id"],
            count=self.runtime.count,
            announce=not_announced,
        )
        self.receipt = parts.receipt_gate(
            runtime=self.runtime,
            gate=gate,
            cordon=self.cordon,
            lot=lot,
            copies=parts.copies(index),
            names=names,
            announce=not_announced,
        )
        self.follower = parts.follower(self)
        self._request_class = guarded_request_class(Request, self.receipt)
        self.conducting = Conducting(world, process)
        self.housekeeper = Housekeeper(
            lock=self.conducting.lock("housekeeping"), sweep=self.conducting.housekeeping.sweep
        )
        self.agent = parts.agent(
            card=AgentCard(
                agent_id=self.agent_id,
                role="worker",
                node=self.agent_id,
                host="here",
                pid=process.pid,
                pool="prefork",
                slots=self.slots,
                queues=("heavy", "mixed"),
                tasks=tuple(TASKS),
                terminable=True,
                page=self.agent_id,
            ),
            runtime=self.runtime,
            plane=parts.plane(client),
            witness=Witness(durable, world.clock),
            wake_up=Ear(world, process, "wake"),
            tally=Tally(client),
            figures=quiet_figures,
            lease=parts.lease,
            clock=world.clock,
            follower=self.follower,
            local_close=self.local_close,
            secret=None,
            page=self.page,
            announce=not_announced,
        )
        self.children = [Child(self, index) for index in range(self.slots)]
        self.housekeeper.start()
        self.agent.start()
        self._handlers = {name: self._handler(name) for name in TASKS}
        while not self._may_leave():
            try:
                self._consume()
            except BrokerDown:
                self._lost_connection()
                hub().park(0.5)
        self.follower.stop(5.0)
        self.agent.stop()
        world.ended(self)

    def make_ladder(self) -> Ladder:
        """As `guard.worker.resident` does."""
        outcomes = Outcomes(RedisClient(self.world, self.process))
        return self.world.parts.ladder(  # type: ignore[no-any-return]
            page=self.page,  # type: ignore[arg-type]
            gate=self.receipt,
            make_conclusions=lambda: Conclusions(
                gate=self.receipt,
                runtime=self.runtime,
                outcomes=lambda: outcomes,
                node=self.agent_id,
                announce=not_announced,
            ),
            clock=self.world.clock,
            grace=self.world.grace,
            terminable=True,
            how_to_end="",
            announce=not_announced,
        )

    def _handler(self, name: str) -> Any:
        names_errors: Any = SimpleNamespace(connection_errors=(BrokerDown,))
        task: Any = TASKS[name]
        handle = self.receipt.strategy(lambda *_, **__: self._handle, task, None, names_errors)  # type: ignore[arg-type]
        return lambda message: handle(message, None, self._ack_of(message), self._reject_of(message), None)

    def _ack_of(self, message: Any) -> Any:
        def ack(_log: object, _errors: object) -> None:
            with suppress(BrokerDown):
                message.ack()

        return ack

    def _reject_of(self, message: Any) -> Any:
        def reject(_log: object, _errors: object, requeue: bool) -> None:
            with suppress(BrokerDown):
                message.requeue() if requeue else message.ack()

        return reject

    def _consume(self) -> None:
        world = self.world
        hub().sleep(world.latency())
        if world.broker.away:
            raise BrokerDown
        line = world.broker.connect(self.process)
        line.prefetch = self.slots * 2
        line.deliver = lambda message: self.soon(lambda: self._received(message))
        self.consumer = Consumer(self, line)
        self.receipt.consumer = self.consumer
        self.cordon.attach(self.consumer)
        self.consumer.start()
        while not self._may_leave():
            while self._tasks:
                self._tasks.popleft()()
                if not line.alive:
                    raise BrokerDown
            if self.stopping:
                line.consumes = set()
            self._waiting = hub().current
            hub().park(0.1 if self.stopping else 5.0)
            self._waiting = None
            if not line.alive:
                raise BrokerDown

    def _lost_connection(self) -> None:
        """As Celery: what has not reached the pool is forgotten, the broker delivers it again."""
        state = self.process.state
        for request in list(state.requests.values()):
            if request._apply_result is None:
                request.guard_was_set_aside = True
                if request._eta_timer_entry is not None:
                    request._eta_timer_entry.cancelled = True
                state.task_ready(request)
        self.consumer = None
        self.receipt.consumer = None

    def soon(self, act: Callable[[], Any]) -> None:
        """Have the main loop do this."""
        if self.process.alive:
            self._tasks.append(act)
            if self._waiting is not None:
                waiting, self._waiting = self._waiting, None
                hub().wake(waiting)

    def _received(self, message: Any) -> None:
        if self.consumer is None or message._line is not self.consumer.line:
            return
        hiccup("received")
        self._handlers[message.headers["task"]](message)

    def _handle(self, message: Any, *_: Any) -> None:
        """Celery's own handler."""
        request = self._request_class(self, message)
        state = self.process.state
        state.requests[request.id] = request
        eta = request.job.eta
        if eta > hub().now:
            state.scheduled_requests.add(request)
            request._eta_timer_entry = self.consumer.call_after(eta - hub().now, self._execute, (request,))  # type: ignore[union-attr]
        else:
            self._execute(request)

    def _execute(self, request: Any) -> None:
        if request.revoked():
            return
        request._apply_result = True
        self._pool.append(request)
        self._feed()

    def _feed(self) -> None:
        for child in self.children:
            if self._pool and child.request is None and child.process.alive:
                child.give(self._pool.popleft())

    def accepted(self, request: Any, child: Child) -> None:
        """A child has taken a job: news by the pipe."""
        request.on_accepted(child.process.pid, 0.0)

    def done(self, request: Any, child: Child, error: BaseException | None) -> None:
        """A child has done with a job."""
        child.request = None
        if error is None:
            request.on_success()
        else:
            request.on_failure(SimpleNamespace(exception=error))
        self._feed()

    def child_died(self, child: Child) -> None:
        """The pool has noticed: another takes its place, its job was lost."""
        if not self.process.alive or self.children[child.index] is not child:
            return
        request, child.request = child.request, None
        self.children[child.index] = Child(self, child.index)
        if request is not None:
            request.on_failure(SimpleNamespace(exception=WorkerLostError("killed")))
        self._feed()

    def follow(self) -> None:
        """In the main loop: what `WorkerFollower` does there."""
        if self.consumer is None:
            return
        self.cordon.apply()
        if set_reserved_aside(self.consumer, self.receipt):
            self.soon(self.follow)

    def in_pool(self) -> int:
        """Guarded requests that the pool has and whose end is not known."""
        return sum(
            bool(request.task.kind.guarded) and self.receipt.covers(request.message)
            for request in list(self.process.state.requests.values())
            if request._apply_result is not None
        )

    def stop(self) -> None:
        """A warm shutdown: it takes nothing more, and leaves when its children have done."""
        self.stopping = True

    def _may_leave(self) -> bool:
        return self.stopping and not self._tasks and all(child.request is None for child in self.children)
