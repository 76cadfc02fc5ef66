"""The guard inside one worker: makes page, gates and agent, in the order that safety needs.

1. `prepare`, before the pool forks: shared page (closed), gates on every task, self-test.
2. The pool forks; each child takes its slot (`adopt_child`).
3. `start`: the agent renews once and the page may open; then the consumer connects.
4. `attach`, at each connection: the cordon is applied before the first fetch.
"""

from __future__ import annotations

import logging
import os
import socket
import uuid
from typing import TYPE_CHECKING, Any

from billiard.process import current_process
from celery.signals import worker_process_init, worker_shutdown

from guard.clock import SystemClock
from guard.core.agents import AgentCard
from guard.core.key_fingerprint import fingerprint
from guard.core.named_events import EventName
from guard.core.suggest import did_you_mean
from guard.errors import SelfTestFailed
from guard.fleet.machine import machine_name
from guard.gates.aborting import finishes
from guard.gates.copies import Copies
from guard.gates.messages import QueueNames
from guard.gates.page import SharedPage
from guard.gates.receipt import ReceiptGate
from guard.worker.cordon import Cordon
from guard.worker.follower import WorkerFollower
from guard.worker.panel import answer_questions, chosen_queues
from guard.worker.selftest import run_self_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from guard.agent.agent import Agent
    from guard.agent.follower import Follower
    from guard.core.named_events import Announces
    from guard.gates.inner_celery import Consumer, WorkController
    from guard.gates.publish import PublishGate
    from guard.gates.receipt import Parks
    from guard.gates.runtime import Runtime
    from guard.ports import Outcomes, ParkedIndex
    from guard.settings import Settings
    from guard.worker.bookkeeper import Bookkeeper
    from guard.worker.conclusions import Conclusions
    from guard.worker.ladder import Ladder
    from guard.worker.lanes import Lanes

__all__ = ["Resident"]

log = logging.getLogger(__name__)

_CONCLUDE_WITHIN = 3.0
"""How long a worker that ends waits for what it has still to record of jobs that it has ended."""


class Resident:
    """The guard of one app while it is a worker.

    Args:
        make_agent: builds the agent for a card and a follower; bootstrap knows the stores.
        put_gates: puts the gates on every task that is registered by now.
        on_open: called in the agent's thread when the gate opens.
        outcomes: gives where the outcomes of jobs are recorded that an emergency asked to stop.
        announce: told of each event here.
    """

    def __init__(
        self,
        *,
        app: Celery,
        runtime: Runtime,
        gate: PublishGate,
        lot: Parks,
        lanes: Lanes,
        index: ParkedIndex,
        settings: Settings,
        make_agent: Callable[[AgentCard, Follower], Agent],
        put_gates: Callable[[], None],
        on_open: Callable[[], None],
        outcomes: Callable[[], Outcomes],
        announce: Announces,
    ) -> None:
        self._app = app
        self._runtime = runtime
        self._gate = gate
        self._make_agent = make_agent
        self._put_gates = put_gates
        self._on_open = on_open
        self._outcomes = outcomes
        self._announce = announce
        self._lanes = lanes
        self._settings = settings
        names = QueueNames()
        self._cordon = Cordon(runtime=runtime, classifier=gate.classifier, settings=settings, names=names)
        self.receipt = ReceiptGate(
            runtime=runtime,
            gate=gate,
            cordon=self._cordon,
            lot=lot,
            copies=Copies(index),
            names=names,
            announce=announce,
        )
        self._follower: WorkerFollower | None = None
        self._agent: Agent | None = None
        self._bookkeeper: Bookkeeper | None = None
        self._problem = ""

    def keep_ledger(self, bookkeeper: Bookkeeper) -> None:
        """Say what starts and ends here."""
        self.receipt.copies.bookkeeper = self._bookkeeper = bookkeeper

    def prepare(self, worker: WorkController) -> None:
        """Before the pool forks."""
        self._runtime.page = SharedPage()
        self._runtime.is_worker = True
        pool = _pool_name(worker)
        self._runtime.jobs_run_here = pool != "prefork"
        self._runtime.children_name_jobs = getattr(worker, "optimization", None) in {"fast", "fcfs"}
        self._put_gates()
        if any(map(finishes, self._app.tasks.values())):
            self._gate.passing.finishing.watch()
        if self._bookkeeper is not None:
            self._bookkeeper.watch()  # before the fork: most ends are heard of in the children
        try:
            run_self_test(self._app, self._runtime, self.receipt)
        except SelfTestFailed as error:
            self._problem = str(error)
            self._announce(
                EventName.SELF_TEST_FAILED, worker=str(worker.hostname), why=self._problem
            )
        self._runtime.figures.forget()  # the self-test's decisions
        if pool == "prefork":
            self._runtime.figures.share()
        self._name_early_acks()
        self._name_unknown_operations()
        worker_shutdown.connect(self._shuts_down, weak=False)
        if pool == "prefork":
            import guard.worker.forking  # noqa: F401 - from here on a fork waits for what it would cut in two

            worker_process_init.connect(self._adopt_child, weak=False)

    def _name_early_acks(self) -> None:
        """F17, F18: what Celery acknowledges before it runs is lost with its worker, guard or no guard."""
        early = [
            name
            for name, task in sorted(self._app.tasks.items())
            if not name.startswith(("celery.", "guard.")) and not task.acks_late
        ]
        if early:
            log.warning(
                "%d tasks acknowledge early (task_acks_late is off for them): a worker that is killed loses "
                "the ones that it runs, in a window as without one: %s%s",
                len(early),
                ", ".join(early[:5]),
                ", …" if len(early) > 5 else "",
            )

    def _name_unknown_operations(self) -> None:
        """Said here, not where the task is made: an operation may be declared after it."""
        kinds = self._gate.classifier.registry.kinds
        for name, task in sorted(self._app.tasks.items()):
            operation = getattr(task, "operation", None)
            if operation is not None and operation not in kinds:
                log.warning(
                    "task %s says operation=%r, which does not exist%s: it counts as unknown, which every "
                    "window blocks; correct it, or declare it: guard.operations.declare(%r)",
                    name,
                    operation,
                    did_you_mean(str(operation), kinds),
                    operation,
                )

    def start(self, worker: WorkController) -> None:
        """After the pool has forked, before the consumer connects."""
        page = self._runtime.page
        assert page is not None  # noqa: S101 - made in prepare
        self._follower = WorkerFollower(
            page=page,
            cordon=self._cordon,
            lanes=self._lanes,
            gate=self.receipt,
            on_open=self._on_open,
            make_ladder=lambda: self._make_ladder(page, worker),
            count=self._runtime.count,
            grace=self._settings.emergency_mode_job_grace_period,
            queues=lambda: chosen_queues(self._app),
            announce=self._announce,
        )
        card = self._card(worker)
        answer_questions(lambda: card.agent_id, key=fingerprint(self._settings.secret))
        if self._bookkeeper is not None:
            self._bookkeeper.agent_id = card.agent_id
        self._agent = self._make_agent(card, self._follower)
        self._agent.start()
        state = self._runtime.belief.state
        self._announce(
            EventName.WORKER_READY,
            worker=str(worker.hostname),
            gate=self._runtime.view_of_page().name.lower(),
            epoch=state.epoch if state else None,
        )

    def attach(self, consumer: Consumer) -> None:
        """A new connection to the broker, before its first fetch."""
        if self._follower is not None:
            self._follower.attach(consumer)

    def stop(self) -> None:
        """The worker stops: close the gate and leave the registry."""
        if self._follower is not None:
            self._follower.stop(_CONCLUDE_WITHIN)
        if self._agent is not None:
            self._agent.stop()

    def _shuts_down(self, **_signal: Any) -> None:
        worker_shutdown.disconnect(self._shuts_down)
        self.stop()

    def _adopt_child(self, **_signal: Any) -> None:
        """In a pool child: take the slot of its place in the pool."""
        index = getattr(current_process(), "index", None)
        if index is not None:
            self._runtime.become_pool_child(index)

    def _make_ladder(self, page: SharedPage, worker: WorkController) -> Ladder:
        """Only now loaded: most workers never see an emergency."""
        from guard.worker.ladder import Ladder

        def make_conclusions() -> Conclusions:
            from guard.worker.conclusions import Conclusions

            return Conclusions(
                gate=self.receipt,
                runtime=self._runtime,
                outcomes=self._outcomes,
                node=worker.hostname,
                announce=self._announce,
            )

        return Ladder(
            page=page,
            gate=self.receipt,
            make_conclusions=make_conclusions,
            clock=SystemClock(),
            grace=self._settings.emergency_mode_job_grace_period,
            terminable=_pool_name(worker) == "prefork",
            how_to_end="To end them all the same, end the worker; jobs acknowledged before they ran are then "
            f"lost: kill -KILL {os.getpid()}",
            announce=self._announce,
        )

    def _card(self, worker: WorkController) -> AgentCard:
        pool = _pool_name(worker)
        return AgentCard(
            agent_id=str(uuid.uuid4()),
            role="worker",
            node=worker.hostname,
            host=socket.gethostname(),
            pid=os.getpid(),
            pool=pool,
            slots=worker.max_concurrency or worker.concurrency,
            queues=chosen_queues(self._app),
            tasks=tuple(sorted(self._app.tasks)),
            terminable=pool == "prefork",
            problem=self._problem,
            machine=machine_name(),
            page=self._runtime.page.name if self._runtime.page is not None else "",
        )


def _pool_name(worker: WorkController) -> str:
    module = str(getattr(worker.pool_cls, "__module__", "")).rpartition(".")[2]
    return {"thread": "threads"}.get(module, module)
