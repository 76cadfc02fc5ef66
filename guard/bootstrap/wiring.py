"""The objects of one app, made on demand and shared: gates and agents. Nothing connects here."""

from __future__ import annotations

import functools
import logging
import os
import socket
import sys
import threading
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from guard.agent.agent import Agent
from guard.agent.follower import Follower, ProducerFollower
from guard.agent.sums import AtOnce
from guard.agent.witness import Witness
from guard.alive import Mark
from guard.api import Guard
from guard.bootstrap.app_gates import AppGates
from guard.bootstrap.beats import watch_for_beat
from guard.bootstrap.connections import name_broker_connections
from guard.bootstrap.on_demand import OnDemand
from guard.bootstrap.places import local_close_file
from guard.bootstrap.stores import Stores
from guard.bootstrap.telling import TOLD, Telling
from guard.bootstrap.tracing import Tracing
from guard.core.agents import AgentCard
from guard.core.modes import Phase
from guard.core.registry import OperationRegistry
from guard.errors import StoreError
from guard.fleet.broker import Broker
from guard.fleet.parking import ParkingLot
from guard.gates.aborting import finishes
from guard.gates.classify import Classifier
from guard.gates.messages import generation_of, job_of, publication_of
from guard.gates.passing import Passing
from guard.gates.publish import PublishGate
from guard.gates.runtime import Runtime
from guard.observe.announcer import Announcer
from guard.observe.lines import LogLines
from guard.orchestrator.housekeeping import Housekeeping
from guard.settings.log_format import LogFormat
from guard.store import failures
from guard.worker.housekeeper import Housekeeper
from guard.worker.lanes import Lanes
from guard.worker.resident import Resident

if TYPE_CHECKING:
    from celery import Celery

    from guard.core.bypass import Bypass
    from guard.core.counts import Count
    from guard.core.operations import OperationKind
    from guard.core.state import GuardState
    from guard.gates.finishing import Finishing
    from guard.settings import Settings

__all__ = ["Wiring"]

log = logging.getLogger(__name__)

_AGENT_SECONDS = 20.0
"""How old the mark of a worker's agent may be. It turns four times a second; the longest turn, with both
stores silent, takes a few seconds."""


class Wiring(OnDemand):
    """The parts of one app."""

    def __init__(self, app: Celery, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.stores = self._make_stores()
        self.clock = self.stores.clock
        self.registry = OperationRegistry()
        self.classifier = Classifier(app, self.registry)
        self.runtime = self._make_runtime()
        failures.listen(self.runtime.figures)
        self.broker = self.make_broker()
        self.resident: Resident | None = None
        self.announcer = Announcer(self.clock.wall)
        self.stores.announce = self.announcer.announce
        self.telling = Telling(self)
        self._subscribe_ours()
        self._housekeeper: Housekeeper | None = None
        self._producer: Agent | None = None
        self._producer_pid = 0
        self._at_once = AtOnce(lambda: self.stores.tally)
        self._sessions_gone = 0
        self._program = Path(sys.argv[0] or "python").name
        self._lock = threading.Lock()
        _WIRINGS.add(self)

    def _make_stores(self) -> Stores:
        return Stores(self.app, self.settings)

    def _make_runtime(self) -> Runtime:
        return Runtime(ensure_agent=self._ensure_producer, count_at_once=self._count_in_child)

    def make_broker(self) -> Broker:
        """A connection to the app's broker, for one part."""
        return Broker(self.app)

    def _subscribe_ours(self) -> None:
        self.announcer.subscribe(LogLines(rehearsed=self.settings.test_mode_logging_level))
        if self.settings.guard_log_format is LogFormat.JSON:
            from guard.observe.json_lines import write_json

            write_json()
        self.announcer.subscribe(Tracing())
        self.announcer.subscribe(self.telling, TOLD)

    def renew_lock(self) -> None:
        """After a fork: a thread of the parent may have held it, and nobody here would free it."""
        self._lock = threading.Lock()

    def guard(self) -> Guard:
        """The API of this app."""
        return Guard(self)

    # -- gates -----------------------------------------------------------------------------------

    @functools.cached_property
    def gate(self) -> PublishGate:
        return PublishGate(
            app=self.app,
            runtime=self.runtime,
            classifier=self.classifier,
            index=self.stores.index,
            clock=self.clock,
            when_closed=self.settings.guard_when_closed,
            # Redis names its messages itself, for as long as they wait; the ledger must know the name before.
            names_messages=lambda: self.settings.guard_ledger or not self.broker.is_redis,
            announce=self.announcer.announce,
            passing=Passing(
                app=self.app,
                runtime=self.runtime,
                bypass_of=self._bypass_of,
                note_bypass=self._note_bypass,
                make_queue=self.broker.queue,
                make_finishing=self._finishing,
                announce=self.announcer.announce,
            ),
        )

    def _finishing(self) -> Finishing:
        from guard.gates.finishing import Finishing

        return Finishing(steps=lambda: self.stores.finishing, state=self.stores.plane.read, clock=self.clock)

    def _bypass_of(self, token: str, kind: OperationKind) -> Bypass | None:
        from guard.core.bypass import bypass_of

        said = bypass_of(token, operation=kind.name, secret=self.settings.secret, now=self.clock.wall())
        if said is None or not said.bypass_id:
            return said
        try:
            return said if self.stores.bypass_marks.stands(said.bypass_id) else None
        except StoreError as error:
            log.warning("a bypass does not count, nobody can say whether it was revoked: %s", error)
            return None

    def _note_bypass(self, said: Bypass, kind: OperationKind) -> None:
        from guard.core.bypass import BypassUse

        use = BypassUse(
            bypass_id=said.bypass_id, holder=said.holder, by=said.by, user=said.user, operation=kind.name
        )
        try:
            self.stores.bypass_marks.note_use(use)
        except StoreError as error:
            log.warning("a use of a bypass will not be journaled: %s", error)

    def _journal_bypasses(self) -> None:
        from guard.orchestrator.bypass_uses import journal_uses
        from guard.store.redis.bypasses import RedisBypasses

        # by the connection that is open: a worker is asked for a bypass seldom, and looks for uses often
        marks = RedisBypasses(self.stores.plane.client, self.stores.keys)
        journal_uses(marks, lambda: self.stores.durable, self.clock)

    def _waiting(self, queue: str) -> int | None:
        """How many jobs wait in a queue. By a connection that is not kept: most workers ask once."""
        from guard.fleet.queues import Queues

        queues = Queues(self.app, self.make_broker())
        try:
            return queues.length(queue)
        finally:
            queues.close()

    @functools.cached_property
    def lot(self) -> ParkingLot:
        return ParkingLot(
            broker=self.broker,
            queue=self.settings.guard_parked_queue,
            index=self.stores.index,
            describe=lambda message: (*job_of(message)[:3], publication_of(message), generation_of(message)),
            window_id=self._window_id,
            count=self.runtime.count,
            announce=self.announcer.announce,
        )

    def _window_id(self) -> str:
        """Of the window that is open or being released; a second delivery may be parked without one."""
        state = self.runtime.belief.state
        return state.window_id if state is not None and state.phase is not Phase.INACTIVE else ""

    def put_on(self) -> None:
        """Put the gates on the app, and look out for what this process turns out to be."""
        self.put_gates_on_app()
        name_broker_connections(self.app, self.broker)
        watch_for_beat(self.app, self._beat_begins, self._mark)

    @functools.cached_property
    def gates(self) -> AppGates:
        accepting = None
        if self.settings.guard_ledger:
            from guard.bootstrap.ledger import accepting as accepting_of

            accepting = accepting_of(self)
        return AppGates(self.app, runtime=self.runtime, gate=self.gate, accepting=accepting)

    def put_gates_on_app(self) -> None:
        """The gates alone."""
        self.gates.put_on()
        self.resident = self._make_resident()
        if self.settings.guard_ledger:
            from guard.bootstrap.ledger import bookkeeper

            self.resident.keep_ledger(bookkeeper(self))
        self.gates.attach(self.resident)

    def take_off(self) -> None:
        """Undo `put_gates_on_app`. Not while a worker of the app runs."""
        self.gates.take_off()
        self.resident = None

    def _make_resident(self) -> Resident:
        app = self.app
        return Resident(
            app=app,
            runtime=self.runtime,
            gate=self.gate,
            lot=self.lot,
            lanes=Lanes(
                runtime=self.runtime,
                make_queue=self.broker.queue,
                waiting=self._waiting,
                in_use=lambda: self.settings.secret is not None or any(map(finishes, app.tasks.values())),
            ),
            index=self.stores.index,
            settings=self.settings,
            make_agent=self._worker_agent,
            put_gates=self.gates.put_on_tasks,
            on_open=self._wake_housekeeper,
            outcomes=lambda: self.stores.outcomes,
            announce=self.announcer.announce,
        )

    # -- agents ----------------------------------------------------------------------------------

    def _agent(self, card: AgentCard, follower: Follower) -> Agent:
        lease = self.settings.lease
        name = f"guard-{card.role}:{card.pid}"
        return Agent(
            card=card,
            runtime=self.runtime,
            plane=self.stores.impatient_plane(lease.timeout),
            witness=Witness(self.stores.glance, self.clock),
            wake_up=self.stores.wake_up(self.stores.keys.wake, name=name, timeout=lease.timeout),
            tally=self.stores.tally,
            figures=self.stores.figures,
            lease=lease,
            clock=self.clock,
            follower=follower,
            local_close=local_close_file(self.settings),
            secret=self.settings.secret,
            page=self.runtime.page if card.role == "worker" else None,
            announce=self.announcer.announce,
            mark=self._mark(card.node, fresh_for=_AGENT_SECONDS) if card.role == "worker" else None,
        )

    def _mark(self, node: str, *, fresh_for: float) -> Mark | None:
        """What health checks of this machine look at; None where nobody does."""
        folder = self.settings.guard_alive_folder
        return Mark(Path(folder), node, fresh_for=fresh_for) if folder else None

    def _worker_agent(self, card: AgentCard, follower: Follower) -> Agent:
        with self._lock:  # one process, one agent: a publish before the worker started made another
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.stop()
        self._housekeeper = Housekeeper(
            lock=self.stores.lock("housekeeping"), sweep=self._housekeeping().sweep
        )
        self._housekeeper.start()
        return self._agent(card, follower)

    def _housekeeping(self) -> Housekeeping:
        """It looks every few seconds, in every fleet: nothing that conducts is loaded for that."""
        broker = self.make_broker()

        def parked() -> int | None:
            try:
                return broker.length(self.settings.guard_parked_queue)
            except broker.errors:
                return None

        def recover() -> object:
            return self.optimization.recover()  # imported when it is needed

        reconcile = None
        if self.settings.guard_ledger:
            from guard.bootstrap.ledger import ledger_sweep

            reconcile = ledger_sweep(self).sweep
        return Housekeeping(
            plane=self.stores.plane,
            glance=self.stores.glance,
            parked=parked,
            conductor=lambda: self.conducting.conductor,
            releasing=lambda: self.conducting.releasing,
            advancing=lambda: self.conducting.advancing,
            changes=lambda: self.conducting.changes,
            clock=self.clock,
            recover=recover,
            reconcile=reconcile,
            sessions=self._delete_ended_sessions,
            bypasses=self._journal_bypasses if self.settings.secret is not None else None,
        )

    def _delete_ended_sessions(self, state: GuardState) -> None:
        """A round's share of what an invalidation has left. Loads nothing before sessions were invalidated,
        nor once all of that generation are gone."""
        number = state.generation.number
        if number in {0, self._sessions_gone}:
            return
        if self.stores.session_marks.read().cleaned >= number or self.sessions.catch_up(state):
            self._sessions_gone = number

    def _wake_housekeeper(self) -> None:
        if self._housekeeper is not None:
            self._housekeeper.wake()

    def _beat_begins(self) -> None:
        """It may publish nothing for hours: it registers at once, and by a name that is seen."""
        self._program = "beat"
        self._ensure_producer()

    def _ensure_producer(self) -> None:
        """In a process that publishes: start its agent at the first publish, and again after a fork."""
        if self.runtime.is_worker:
            return
        with self._lock:
            if self._producer is not None and self._producer_pid == os.getpid():
                self._producer.renew_if_due()
                return
            host = socket.gethostname()
            card = AgentCard(
                agent_id=str(uuid.uuid4()),
                role="producer",
                node=f"{self._program}@{host}",
                host=host,
                pid=os.getpid(),
            )
            self._producer = self._agent(card, ProducerFollower())
            self._producer_pid = os.getpid()
            self._producer.start()
            _leave_at_exit(self._producer)

    def _count_in_child(self, kind: Count, operation: str) -> None:
        """A pool child has no agent that would send its sums, and counts only while closed."""
        try:
            self.count_now(self.stores.plane.read().window_id, kind, operation)
        except StoreError as error:
            log.warning("an event is not counted: %s", error)

    def count_now(self, window_id: str, kind: Count, operation: str) -> None:
        """Count in a process that may have no agent. Releases belong to the window that parked."""
        try:
            self._at_once.add(window_id or "unknown", kind, operation)
        except StoreError as error:
            log.warning("a release is not counted: %s", error)

    def close(self) -> None:
        """Stop this process's agent and close every connection. All of it comes back at the next use."""
        with self._lock:
            agent, self._producer = self._producer, None
        if agent is not None and self._producer_pid == os.getpid():
            agent.stop()
        self.broker.close()
        self.telling.close()
        self.close_demanded()
        self.stores.close()


_WIRINGS: weakref.WeakSet[Wiring] = weakref.WeakSet()


def _after_fork() -> None:
    for wiring in list(_WIRINGS):
        wiring.renew_lock()


os.register_at_fork(after_in_child=_after_fork)


def _leave_at_exit(agent: Agent) -> None:
    import atexit

    pid = os.getpid()
    atexit.register(lambda: agent.stop() if os.getpid() == pid else None)
