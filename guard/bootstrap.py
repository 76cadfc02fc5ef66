"""`install(app)`: the only place that wires. Everything else is given what it needs.

Nothing connects here: stores and broker are reached at the first use, so importing an app costs
nothing and works while its servers are away.
"""

from __future__ import annotations

import functools
import logging
import os
import socket
import sys
import tempfile
import threading
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.signals import worker_init

from guard.agent.agent import Agent, Follower, ProducerFollower
from guard.agent.witness import Witness
from guard.api import Guard
from guard.clock import SystemClock
from guard.core.bypass import check_bypass
from guard.core.hazards import Facts, hazards
from guard.core.registry import OperationRegistry
from guard.errors import StoreError
from guard.fleet.broker import Broker
from guard.fleet.consumers import BROKER_CLIENT_NAME, Consumers
from guard.fleet.parking import ParkingLot
from guard.fleet.queues import Queues
from guard.fleet.releaser import Releaser
from guard.gates.canvas import guard_canvas
from guard.gates.classify import Classifier
from guard.gates.inner_celery import is_finalized
from guard.gates.messages import generation_of, job_of, publication_of
from guard.gates.publish import PublishGate
from guard.gates.request import guarded_request_class, is_guarded_request
from guard.gates.runtime import Runtime
from guard.gates.start import put_start_gate
from guard.observe import lines
from guard.orchestrator.changes import Changes
from guard.orchestrator.closing import Closing
from guard.orchestrator.conductor import Conductor
from guard.orchestrator.surroundings import Surroundings
from guard.ports import AgentCard
from guard.settings import Settings, load_settings
from guard.store.redis.keys import Keys
from guard.store.redis.lock import RedisLock
from guard.store.redis.parked import RedisParkedIndex
from guard.store.redis.plane import RedisControlPlane
from guard.store.redis.tally import RedisTally
from guard.store.redis.wake import RedisWakeUp
from guard.store.sql.store import SqlStore
from guard.worker.cordon import carried_by
from guard.worker.housekeeper import Housekeeper
from guard.worker.resident import Resident
from guard.worker.selftest import PROBE
from guard.worker.steps import resident_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery, Task

    from guard.core.account import Count
    from guard.core.operations import OperationKind
    from guard.core.state import GuardState
    from guard.ports import RosterEntry

__all__ = ["install", "installed", "local_close_file"]

log = logging.getLogger(__name__)

_GUARDS: weakref.WeakKeyDictionary[Celery, Guard] = weakref.WeakKeyDictionary()
_COMMAND_SECONDS = 3.0
"""How long a person's command may wait for Redis; renewals wait for less."""


def install(app: Celery, settings: Settings | None = None) -> Guard:
    """Put the guard on a Celery app. Call it once, where the app is made; twice gives the same guard.

    Args:
        app: any Celery app; its tasks need no change.
        settings: from the environment when None.

    Raises:
        ConfigurationInvalid: with every problem of the settings; the app was not touched.
    """
    if app in _GUARDS:
        return _GUARDS[app]
    wiring = _Wiring(app, settings if settings is not None else load_settings())
    guard = wiring.guard()
    _GUARDS[app] = guard
    if not wiring.settings.maintenance_mode_enabled:
        worker_init.connect(lambda **_: lines.disabled_entirely(), weak=False)
        return guard
    wiring.put_on(app)
    return guard


def installed(app: Celery) -> Guard | None:
    """The guard of this app, if `install` was called on it."""
    return _GUARDS.get(app)


class _Wiring:
    """The objects of one app, made on demand and shared."""

    def __init__(self, app: Celery, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.clock = SystemClock()
        self.keys = Keys(settings.guard_namespace)
        self.registry = OperationRegistry()
        self.classifier = Classifier(app, self.registry)
        self.runtime = Runtime(ensure_agent=self._ensure_producer, count_at_once=self._count_in_child)
        self.broker = Broker(app)
        self.resident: Resident | None = None
        self._producer: Agent | None = None
        self._producer_pid = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        # A thread of the parent may have held it at the moment of the fork; nobody here would free it.
        self._lock = threading.Lock()

    # -- stores ----------------------------------------------------------------------------------

    @functools.cached_property
    def redis_url(self) -> str:
        return self.settings.control_plane_url(
            str(self.app.conf.broker_write_url or self.app.conf.broker_url or "")
        )

    @functools.cached_property
    def durable(self) -> SqlStore:
        url = str(self.settings.database_url)
        return SqlStore(url, clock=self.clock, auto_migrate=url.startswith("sqlite"))

    @functools.cached_property
    def plane(self) -> RedisControlPlane:
        return self._plane(_COMMAND_SECONDS)

    def _plane(self, timeout: float) -> RedisControlPlane:
        return RedisControlPlane(self.redis_url, self.keys, secret=self.settings.secret, timeout=timeout)

    @functools.cached_property
    def index(self) -> RedisParkedIndex:
        return RedisParkedIndex(self.plane.client, self.keys)

    @functools.cached_property
    def tally(self) -> RedisTally:
        return RedisTally(self.plane.client, self.keys)

    def lock(self, name: str) -> RedisLock:
        return RedisLock(self.plane.client, self.keys, name)

    # -- gates -----------------------------------------------------------------------------------

    @functools.cached_property
    def gate(self) -> PublishGate:
        return PublishGate(
            app=self.app,
            runtime=self.runtime,
            classifier=self.classifier,
            index=self.index,
            clock=self.clock,
            when_closed=self.settings.guard_when_closed,
            check_bypass=self._check_bypass,
        )

    def _check_bypass(self, token: str, kind: OperationKind) -> bool:
        return check_bypass(token, operation=kind.name, secret=self.settings.secret, now=self.clock.wall())

    @functools.cached_property
    def lot(self) -> ParkingLot:
        return ParkingLot(
            broker=self.broker,
            queue=self.settings.guard_parked_queue,
            index=self.index,
            describe=lambda message: (*job_of(message)[:3], publication_of(message), generation_of(message)),
            window_id=lambda: self.runtime.belief.state.window_id if self.runtime.belief.state else "",
            count=self.runtime.count,
        )

    def put_on(self, app: Celery) -> None:
        """Put the gates on the app: publish at once, start and receipt on each task as it is made."""
        app.task(name=PROBE, shared=False, ignore_result=True)(_probe)
        app.send_task = self._asking(app.send_task)  # type: ignore[method-assign]
        guard_canvas(app, self.gate)
        self._watch_registrations(app)
        app.on_after_finalize.connect(self._finalized, weak=False)
        if is_finalized(app):
            self.put_gates()
        self.resident = Resident(
            app=app,
            runtime=self.runtime,
            gate=self.gate,
            lot=self.lot,
            index=self.index,
            settings=self.settings,
            make_agent=self._worker_agent,
            put_gates=self.put_gates,
            on_open=self._wake_housekeeper,
        )
        self._name_broker_connections(app)
        guard_step, cordon_step = resident_steps(self.resident)
        app.steps["worker"].add(guard_step)
        app.steps["consumer"].add(cordon_step)

    def _asking(self, send_task: Any) -> Any:
        @functools.wraps(send_task)
        def guarded_send_task(
            name: str, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any
        ) -> Any:
            stands_for = self.gate.admit(name, args, kwargs, options)
            if stands_for is not None:
                return self.app.AsyncResult(stands_for)
            return send_task(name, args, kwargs, *rest, **options)

        return guarded_send_task

    def _watch_registrations(self, app: Celery) -> None:
        """Tasks registered later get their gates too (F5)."""
        inner: Any = app
        inner._task_from_fun = self._gating(inner._task_from_fun)  # noqa: SLF001 - @app.task, shared_task
        inner.register_task = self._gating(inner.register_task)

    def _gating(self, make_task: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(make_task)
        def gating(*args: Any, **options: Any) -> Any:
            task = make_task(*args, **options)
            if is_finalized(self.app):
                self._put_gates_on(task)
            return task

        return gating

    def _finalized(self, sender: Celery, **_signal: Any) -> None:
        del sender
        self.put_gates()

    def put_gates(self) -> None:
        """On every task that is registered now; those that have theirs are left alone."""
        for task in list(self.app.tasks.values()):
            self._put_gates_on(task)

    def _put_gates_on(self, task: Task[..., Any]) -> None:
        put_start_gate(task, self.runtime, self.gate)
        if self.resident is None or is_guarded_request(task.Request):
            return
        receipt = self.resident.receipt
        strategy = functools.partial(receipt.strategy, task.Strategy)
        strategy.__guard_receipt__ = receipt  # type: ignore[attr-defined]
        task.Strategy = strategy  # type: ignore[assignment]
        task.Request = guarded_request_class(task.Request, receipt)  # type: ignore[assignment]

    def _name_broker_connections(self, app: Celery) -> None:
        """In a worker, so that `Consumers` can tell its connections from those of unguarded ones."""

        def name_them(sender: Any = None, **_signal: Any) -> None:
            options = dict(app.conf.broker_transport_options or {})
            options.setdefault(
                "client_name", f"{BROKER_CLIENT_NAME}:{getattr(sender, 'hostname', sender)}".replace(" ", "_")
            )
            if self.broker.is_redis:
                app.conf.broker_transport_options = options

        worker_init.connect(name_them, weak=False)

    # -- agents ----------------------------------------------------------------------------------

    def _agent(self, card: AgentCard, follower: Follower) -> Agent:
        lease = self.settings.lease
        name = f"guard-{card.role}:{card.pid}"
        return Agent(
            card=card,
            runtime=self.runtime,
            plane=self._plane(lease.timeout),
            witness=Witness(self.durable, self.clock),
            wake_up=RedisWakeUp(self.redis_url, self.keys.wake, timeout=lease.timeout, name=name),
            tally=self.tally,
            lease=lease,
            clock=self.clock,
            follower=follower,
            local_close=local_close_file(self.settings),
            secret=self.settings.secret,
            page=self.runtime.page if card.role == "worker" else None,
        )

    def _worker_agent(self, card: AgentCard, follower: Follower) -> Agent:
        with self._lock:  # one process, one agent: a publish before the worker started made another
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.stop()
        self._housekeeper = Housekeeper(lock=self.lock("housekeeping"), sweep=self.conductor.sweep)
        self._housekeeper.start()
        return self._agent(card, follower)

    _housekeeper: Housekeeper | None = None

    def _wake_housekeeper(self) -> None:
        if self._housekeeper is not None:
            self._housekeeper.wake()

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
                node=f"{Path(sys.argv[0] or 'python').name}@{host}",
                host=host,
                pid=os.getpid(),
            )
            self._producer = self._agent(card, ProducerFollower())
            self._producer_pid = os.getpid()
            self._producer.start()
            _leave_at_exit(self._producer)

    # -- conducting ------------------------------------------------------------------------------

    @functools.cached_property
    def queues(self) -> Queues:
        # A connection of its own: a passive declare of a queue that is not there closes its channel, which
        # must not be the one that a release is working on.
        return Queues(self.app, Broker(self.app))

    @functools.cached_property
    def releaser(self) -> Releaser:
        return Releaser(
            broker=Broker(self.app),  # a paced release takes minutes, and parking must not wait for it
            queue=self.settings.guard_parked_queue,
            index=self.index,
            pace=self.settings.pace,
            policy=self.settings.guard_expired_jobs,
            known_tasks=self._tasks_of_live_workers,
            known_queue=lambda name: self.queues.is_there(name, self._consumed_by_live_workers()),
            count=self.count_now,
        )

    def _live_workers(self) -> list[AgentCard]:
        lately = self.settings.guard_lease_seconds * 2
        roster = self.plane.roster()
        return [
            entry.card for entry in roster if entry.card.role == "worker" and entry.seen_seconds_ago < lately
        ]

    def _tasks_of_live_workers(self) -> frozenset[str]:
        return frozenset(task for card in self._live_workers() for task in card.tasks)

    def _consumed_by_live_workers(self) -> frozenset[str]:
        return frozenset(queue for card in self._live_workers() for queue in card.queues)

    def _count_in_child(self, kind: Count, operation: str) -> None:
        """A pool child has no agent that would send its sums, and counts only while closed."""
        try:
            self.count_now(self.plane.read().window_id, kind, operation)
        except StoreError as error:
            log.warning("an event is not counted: %s", error)

    def count_now(self, window_id: str, kind: Count, operation: str) -> None:
        """Count in a process that may have no agent. Releases belong to the window that parked."""
        try:
            self.tally.add(window_id or "unknown", {f"{kind.value}:{operation}": 1})
        except StoreError as error:
            log.warning("a release is not counted: %s", error)

    @functools.cached_property
    def conductor(self) -> Conductor:
        changes = Changes(durable=self.durable, plane=self.plane, clock=self.clock)
        return Conductor(
            settings=self.settings,
            changes=changes,
            closing=Closing(
                changes=changes, clock=self.clock, lease=self.settings.lease, listen=self._listen
            ),
            surroundings=Surroundings(
                roster=self.roster,
                parked=self.parked_count,
                unguarded=self._unguarded,
                carries=self.carries,
                warnings=self.warnings,
                broker_errors=self.broker.errors,
            ),
            releaser=self.releaser,
            tally=self.tally,
            clock=self.clock,
            lock=self.lock,
        )

    def _listen(self) -> RedisWakeUp:
        return RedisWakeUp(
            self.redis_url, self.keys.acknowledged, timeout=_COMMAND_SECONDS, name="guard-conductor"
        )

    def roster(self) -> list[RosterEntry] | None:
        try:
            return self.plane.roster()
        except StoreError:
            return None

    def parked_count(self) -> int | None:
        try:
            return self.releaser.remaining()
        except self.broker.errors:
            return None

    def _unguarded(self, guarded_queues: Any, known_nodes: Any) -> list[str] | None:
        return Consumers(self.app, self.broker).unguarded(
            guarded_queues=guarded_queues, known_nodes=known_nodes
        )

    def warnings(self, state: GuardState) -> tuple[str, ...]:
        conf = self.app.conf
        visibility = None
        if self.broker.is_redis:
            visibility = float((conf.broker_transport_options or {}).get("visibility_timeout", 3600))
        expires = conf.result_expires
        seconds = expires.total_seconds() if hasattr(expires, "total_seconds") else expires
        return hazards(
            Facts(
                duration=state.duration,
                visibility_timeout=visibility,
                result_expires=float(seconds) if seconds else None,
                eviction_policy=self.plane.eviction_policy(),
                signed=self.settings.secret is not None,
            )
        )

    def guard(self) -> Guard:
        return Guard(self)

    def carries(self, queues: list[str]) -> dict[str, frozenset[OperationKind]]:
        return carried_by(self.app, self.classifier, queues)

    def close(self) -> None:
        """Stop this process's agent and close every connection. All of it comes back at the next use."""
        with self._lock:
            agent, self._producer = self._producer, None
        if agent is not None and self._producer_pid == os.getpid():
            agent.stop()
        if "plane" in self.__dict__:
            self.plane.close()
        self.broker.close()
        if "releaser" in self.__dict__:
            self.releaser.close()
        if "queues" in self.__dict__:
            self.queues.close()
        self.durable.close()


def _probe() -> None:
    """The self-test's job: it must never run."""


def _leave_at_exit(agent: Agent) -> None:
    import atexit

    pid = os.getpid()
    atexit.register(lambda: agent.stop() if os.getpid() == pid else None)


def local_close_file(settings: Settings) -> Path:
    """The file whose presence closes this machine for this user's processes."""
    if settings.guard_local_close_file:
        return Path(settings.guard_local_close_file)
    return Path(tempfile.gettempdir()) / f"{settings.guard_namespace}-{os.getuid()}.closed"
