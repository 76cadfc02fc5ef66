"""The parts of one app with a guard in memory: the real ones, on stores in memory and without own threads.

The agent of the tests' own process has no thread: it is driven by whoever asks or changes something. A worker
that a test starts in this process has its agent's thread, as everywhere.
"""

from __future__ import annotations

import os
import socket
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from kombu import Connection

from guard.agent.agent import Agent
from guard.agent.follower import Follower, ProducerFollower
from guard.agent.witness import Testimony, Witness
from guard.bootstrap.places import local_close_file
from guard.bootstrap.wiring import Wiring
from guard.clock import SystemClock
from guard.core.agents import AgentCard
from guard.fleet.broker import Broker
from guard.observe.lines import LogLines
from guard.testing.errors import NotInMemory
from guard.testing.runtime import MemoryRuntime
from guard.testing.stores import MemoryStores

if TYPE_CHECKING:
    from celery import Celery

    from guard.bootstrap.stores import Stores
    from guard.settings import Settings
    from guard.testing.clock import FakeClock
    from guard.worker.resident import Resident

__all__ = ["MemoryWiring"]


class _DirectWitness(Witness):
    """Asks the durable store when it is asked itself: in memory that never takes long."""

    def start(self) -> None:
        """No thread is needed."""

    def call(self) -> None:
        self._ask()

    @property
    def latest(self) -> Testimony | None:
        self._ask()
        return self._latest

    def asked_since(self, moment: float, *, within: float) -> Testimony | None:
        del within
        if self._latest is None or self._latest.asked_at < moment:
            self._ask()
        return self._latest if self._latest is not None and self._latest.asked_at >= moment else None


class _MemoryBroker(Broker):
    """The app's broker where that is in memory; else one in memory, so that no server is ever asked."""

    def _fresh_connection(self) -> Connection:
        if is_in_memory(self._app):
            return super()._fresh_connection()
        return Connection("memory://")


class _Unwatched:
    """Nobody watches figures. What a web application has answered is not summed."""

    @property
    def watched(self) -> _Unwatched:
        return self

    def add_requests(self, sums: object) -> None:
        """Nobody asks for these sums."""

    def close(self) -> None:
        """Nothing to close."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NotInMemory(f"`{name}`, which watches figures,")


def is_in_memory(app: Celery) -> bool:
    """Whether the app's broker is kombu's own in memory."""
    return str(app.conf.broker_write_url or app.conf.broker_url).startswith("memory:")


class MemoryWiring(Wiring):
    """The parts of one app."""

    def __init__(self, app: Celery, settings: Settings, clock: FakeClock) -> None:
        self._fake_clock = clock
        self._workers: list[Agent] = []
        self._system = SystemClock()
        super().__init__(app, settings)
        vars(self)["watching"] = _Unwatched()
        self.memory.registry.changed = self.follow

    @property
    def memory(self) -> MemoryStores:
        """The stores as what they are."""
        return cast("MemoryStores", self.stores)

    @property
    def memory_runtime(self) -> MemoryRuntime:
        """The runtime as what it is."""
        return cast("MemoryRuntime", self.runtime)

    def _make_stores(self) -> Stores:
        stores = MemoryStores(
            self.settings, self._fake_clock, send=self.follow, workers=lambda: bool(self._workers)
        )
        return cast("Stores", stores)

    def _make_runtime(self) -> MemoryRuntime:
        return MemoryRuntime(ensure_agent=self._ensure_producer, count_at_once=self._count_in_child)

    def make_broker(self) -> Broker:
        return _MemoryBroker(self.app)

    def _subscribe_ours(self) -> None:
        self.announcer.subscribe(LogLines(rehearsed=self.settings.test_mode_logging_level))

    # -- this process, which publishes ------------------------------------------------------------

    def _ensure_producer(self) -> None:
        if self.runtime.is_worker:
            return
        with self._lock:
            if self._producer is None:
                host = socket.gethostname()
                card = AgentCard(
                    agent_id=str(uuid.uuid4()),
                    role="producer",
                    node=f"tests@{host}",
                    host=host,
                    pid=os.getpid(),
                )
                self._producer = self._agent(card, ProducerFollower())
            producer = self._producer
        producer.follow()

    def follow(self) -> None:
        """What the agent of this process does: learn of the state, acknowledge, send counters."""
        if self._producer is not None:
            self._producer.follow()

    def _time_passed(self, seconds: float) -> None:
        self.memory_runtime.age(seconds)
        for agent in self._workers:
            agent.renew()
        self.follow()

    def _agent(self, card: AgentCard, follower: Follower) -> Agent:
        return Agent(
            card=card,
            runtime=self.runtime,
            plane=self.stores.plane,
            witness=_DirectWitness(self.stores.durable, self._system),
            wake_up=self.memory.listen(card.role),
            tally=self.stores.tally,
            figures=self.stores.figures,
            lease=self.settings.lease,
            clock=self._system,
            follower=follower,
            local_close=local_close_file(self.settings),
            secret=self.settings.secret,
            page=self.runtime.page if card.role == "worker" else None,
            announce=self.announcer.announce,
        )

    # -- a worker in this process -----------------------------------------------------------------

    def _worker_agent(self, card: AgentCard, follower: Follower) -> Agent:
        agent = self._agent(card, follower)
        self._workers.append(agent)
        return agent

    def _make_resident(self) -> Resident:
        resident = super()._make_resident()
        resident.prepare = partial(self._prepare, resident.prepare)  # type: ignore[method-assign]
        resident.start = partial(self._start, resident.start)  # type: ignore[method-assign]
        resident.stop = partial(self._stop, resident.stop)  # type: ignore[method-assign]
        return resident

    def _prepare(self, prepare: Any, worker: Any) -> None:
        pool = str(getattr(worker.pool_cls, "__module__", "")).rpartition(".")[2]
        if pool == "prefork":
            raise NotInMemory("a worker with pool processes")
        if not is_in_memory(self.app):
            raise NotInMemory(
                f"a worker on a broker of its own ({self.app.connection_for_write().as_uri()}; "
                "set broker_url='memory://')"
            )
        with self.memory_runtime.as_worker():
            prepare(worker)

    def _start(self, start: Any, worker: Any) -> None:
        self.memory_runtime.worker_starts()
        start(worker)

    def _stop(self, stop: Any) -> None:
        stop()
        self._workers.clear()
        self.memory_runtime.worker_is_over()

    # -- the end ----------------------------------------------------------------------------------

    def put_gates_on_app(self) -> None:
        super().put_gates_on_app()
        self._unwatch = self._fake_clock.when_moved(self._time_passed)

    def take_off(self) -> None:
        super().take_off()
        self._unwatch()

    def purge(self) -> None:
        """Delete the guard's own queue: kombu keeps those in memory for as long as the process lives."""
        broker = self.make_broker()
        with broker.channel() as channel:
            channel.queue_delete(self.settings.guard_parked_queue)
        broker.close()
