"""One schedule: a fleet, its servers, the people, and what befalls them, all of it drawn from one seed."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import guard.worker.ladder
from guard.core.modes import Phase
from guard.core.state import GuardState
from guard.store.memory import MemoryDurableStore
from tests.simulator.broker import BrokerServer
from tests.simulator.emergency import GRACES
from tests.simulator.hub import Process, begin
from tests.simulator.misfortunes import Ambushes, draw_misfortunes
from tests.simulator.parts import Parts
from tests.simulator.people import Admin, Healer, Producer
from tests.simulator.stand_ins import CHANCE, RECORDS, Clock
from tests.simulator.stores import RedisServer
from tests.simulator.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.broker import Line

__all__ = ["Job", "World"]

_FAULTS = ("request lost", "answer lost", "late", "twice", "slow")
_LONGEST_HEALING = 150.0
_GONE_FOR_GOOD = 5.0
"""Seconds; what failed is tried again after one."""


@dataclass(slots=True)
class Job:
    """A job that a producer wants done. `accepted`: None until the broker has confirmed it or not."""

    id: str
    task: str
    seconds: float
    eta: float
    accepted: bool | None = None
    ended: bool = False
    stored: bool = False
    """Whether the result backend has its success."""


class World:
    """Everything of one schedule.

    Attributes:
        events: the log that is judged: time, kind, and what belongs to it.
        fired: how often each misfortune met somebody.
        calm: whether nothing at all goes wrong in it: then the books must balance to the job.
    """

    parked = "guard.parked"

    def __init__(self, seed: int, parts: Parts | None = None) -> None:
        self.seed = seed
        self.parts = parts or Parts()
        self.dice = dice = random.Random(seed)
        self.reactions = random.Random(-1 - seed)
        """Chance of what emergencies do to jobs."""
        self.ablaze = self.reactions.random() < 0.15
        """Whether its windows are emergencies, and its jobs long."""
        self.grace = self.reactions.choice(GRACES)
        self.hub = begin()
        self.children: dict[int, Any] = {}
        CHANCE.begin(dice)
        RECORDS.clear()
        CHANCE.is_alive = self.is_alive
        CHANCE.child_of = self.children.get
        CHANCE.revoked = self._revoked
        self.clock = Clock()
        self.events: list[tuple[Any, ...]] = []
        self.fired: Counter[str] = Counter()
        self.jobs: dict[str, Job] = {}
        self.running: dict[int, str] = {}
        self.workers: dict[str, Worker] = {}
        self.lives: dict[str, Worker] = {}
        self.away: set[str] = set()
        self.cut_off: set[Process] = set()
        self._names: Counter[str] = Counter()
        self._pids = 100
        self.sql_away = False
        self.healing = False
        self.healer: Healer | None = None
        self.done = False
        self._settled_once = False
        self._gone_since: dict[str, float] = {}
        self.calm = dice.random() < 0.1
        self.waves = dice.random() < 0.3
        rate = 0.0 if self.calm else dice.choice((0.0, 0.01, 0.03, 0.1))
        self._rates = dict.fromkeys(("redis", "sql", "broker", "push"), rate)
        self._longest_latency = dice.choice((0.0005, 0.002, 0.02))
        self.redis = RedisServer(self.next_name("redis"))
        if dice.random() < 0.7:
            self.redis.plane._born = -100.0
        now = 1_700_000_000.0
        self.sql = MemoryDurableStore(store_id="store", now=now)
        if self.calm or dice.random() < 0.9:
            self.redis.plane.publish(GuardState.first("store", now))
        self.broker = BrokerServer(self)
        self.ends_at = dice.uniform(3.0, 10.0)
        self.ambushes = Ambushes(self)
        CHANCE.hiccup = self.ambushes.meet
        CHANCE.stumbled = lambda what: self.log("stumbled", what)
        self._children = dice.choice((1, 1, 2, 3))

    # -- a run ---------------------------------------------------------------------------------------

    def run(self) -> World:
        """Go through it to its end."""
        self.log("grace", self.grace)
        with _patched(self.parts):
            for number in range(self.dice.choice((1, 2, 2, 3))):
                self.start_worker(f"w{number}")
            self.producer = Producer(self)
            self.admin = Admin(self)
            if not self.calm:
                draw_misfortunes(self)
            self.hub.at(self.ends_at, self._heal)
            self.hub.run(self.ends_at + _LONGEST_HEALING)
            for window, counts in sorted(self.redis.tally._counts.items()):
                self.log("books", window, tuple(sorted(counts.items())))
            self.log("over" if self.done else "stuck")
            self.hub.close()
        return self

    def _heal(self) -> None:
        """The random part is over: all servers are back, nobody is stopped, who was killed starts again."""
        self.healing = True
        self.log("heals")
        self._rates = dict.fromkeys(self._rates, 0.0)
        self.ambushes.end()
        self.cut_off.clear()
        self.sql_away = self.broker.away = False
        if not self.redis.answers:  # it comes back as another process: its registry may have gaps
            self.redis.plane._born = self.hub.now
        self.redis.answers = self.redis.writes = True
        self.redis.malformed = False
        self.producer.stop()
        self.healer = Healer(self)
        self.hub.at(self.hub.now + 0.5, self._look)

    def _look(self) -> None:
        state = self.sql.read()
        live = self.redis.plane._state
        settled = all(job.ended or job.accepted is False or self._is_lost(job) for job in self.jobs.values())
        empty = not any(self.broker.queues.values()) and not any(line.unacked for line in self.broker.lines)
        climbs = any(
            worker.process.alive and worker.follower is not None and worker.follower.climbs
            for worker in self.workers.values()
        )
        if (
            state.phase is Phase.INACTIVE
            and live == state
            and settled
            and empty
            and not self.running
            and not climbs
        ):
            if self.calm and not self._settled_once:  # counters travel with the next renewal
                self._settled_once = True
                self.hub.at(self.hub.now + 3.0, self._look)
                return
            self.done = self.hub.over = True
        else:
            self.hub.at(self.hub.now + 0.5, self._look)

    def _is_lost(self, job: Job) -> bool:
        """Whether nothing of a job has been anywhere for so long that nobody will bring it back. A worker
        that parks a job has it in no list of Celery's while it does, or waits to try again."""
        if not self._is_nowhere(job):
            self._gone_since.pop(job.id, None)
            return False
        return self.hub.now - self._gone_since.setdefault(job.id, self.hub.now) >= _GONE_FOR_GOOD

    def _is_nowhere(self, job: Job) -> bool:
        """Whether nothing of a job is anywhere: then waiting does not help, and the checker judges it."""
        lying = any(
            stored.headers["id"] == job.id for queue in self.broker.queues.values() for stored in queue
        )
        held = any(
            stored.headers["id"] == job.id
            for line in self.broker.lines
            for _, stored in line.unacked.values()
        )
        in_hand = any(
            request.id == job.id
            for worker in self.workers.values()
            for request in worker.process.state.requests.values()
        )
        return not (lying or held or in_hand)

    # -- for all -------------------------------------------------------------------------------------

    def log(self, kind: str, *what: Any) -> None:
        """Write an event down."""
        self.events.append((self.hub.now, kind, *what))

    def _revoked(self, job: str) -> None:
        self.log("revoked", job)
        self.fired["a job was revoked"] += 1

    def latency(self) -> float:
        """One way over the network, seconds."""
        return self.dice.random() * self._longest_latency

    def fault(self, kind: str) -> str | None:
        """What goes wrong with one call; usually nothing."""
        rate = self._rates[kind]
        if not rate or self.dice.random() >= rate:
            return None
        return self.dice.choice(_FAULTS)

    def next_name(self, stem: str) -> str:
        self._names[stem] += 1
        return f"{stem}-{self._names[stem]}"

    def new_process(self, name: str, like: Process | None = None) -> Process:
        """A process; on the machine of another one, or on one of its own."""
        self._pids += 1
        dice = self.dice
        if like is not None:
            return Process(name, self._pids, rate=like.rate, offset=like.offset, skew=like.skew)
        rate = 1.0 if self.calm else dice.choice((1.0, 1.0, 0.9951, 1.0049))
        return Process(
            name, self._pids, rate=rate, offset=dice.uniform(1_000.0, 9_000.0), skew=dice.uniform(-2.0, 2.0)
        )

    def is_alive(self, pid: int) -> bool:
        child = self.children.get(pid)
        return child is not None and child.process.alive

    def is_cut_off(self, process: Process) -> bool:
        return bool(self.cut_off) and process in self.cut_off

    def runs_nothing(self, agent_id: str) -> bool | None:
        """What its machine says of a worker's life: whether it is gone with all its children."""
        worker = self.lives[agent_id]
        if worker.process.alive:
            return False
        return not any(child.process.alive and child.process.pid in self.running for child in worker.children)

    # -- workers -------------------------------------------------------------------------------------

    def start_worker(self, name: str) -> None:
        """A new life of a worker."""
        self.away.discard(name)
        worker = Worker(self, name, children=self._children)
        self.workers[name] = self.lives[worker.agent_id] = worker
        self.log("worker", worker.agent_id, worker.process.rate)

    def ended(self, worker: Worker) -> None:
        """A worker has stopped in order."""
        self.log("left", worker.agent_id)
        self.end_worker(worker, orphans=False)

    def end_worker(self, worker: Worker, *, orphans: bool) -> None:
        """End the processes of a worker; the broker notices, somebody starts it again. Does not return to who
        is ended by it."""
        if not worker.process.alive:
            return
        dice, now = self.dice, self.hub
        if worker.follower is not None and worker.follower.climbs:
            self.fired["a worker was killed while it ended jobs"] += 1
        self.log("killed", worker.agent_id, orphans)
        self.cut_lines(worker.process, after=dice.choice((0.0, 0.001, 0.5, 2.0)))
        self.away.add(worker.name)
        now.at(now.now + dice.uniform(0.1, 4.0), lambda: self.start_worker(worker.name))
        mine = now.current.process if now.current is not None else None
        for child in worker.children:
            if orphans and child.process.pid in self.running:
                self.fired["a child outlived its worker"] += 1
            elif child.process is not mine:
                self.running.pop(child.process.pid, None)
                now.kill(child.process)
        now.kill(worker.process)
        if mine is not None and any(child.process is mine for child in worker.children):
            self.running.pop(mine.pid, None)
            now.kill(mine)

    def kill_child(self, child: Any, *, by: str = "chance") -> None:
        """SIGKILL to a pool child, or its end by itself."""
        now = self.hub
        if not child.process.alive:
            return
        job = child.request.id if child.request is not None else ""
        self.log("child killed", child.incarnation, job, child.process.pid, by)
        self.running.pop(child.process.pid, None)
        now.at(
            now.now + self.dice.uniform(0.01, 0.3),
            lambda: child.worker.soon(lambda: child.worker.child_died(child)),
        )
        now.kill(child.process)

    def freeze(self, processes: list[Process], seconds: float) -> None:
        """SIGSTOP, or a machine that stands still."""
        for process in processes:
            process.frozen_until = max(process.frozen_until, self.hub.now + seconds)
            self.log("frozen", process.pid, process.frozen_until)
        if seconds > self.parts.lease.lease:
            self.fired["a pause longer than the lease"] += 1

    def cut_lines(self, process: Process, *, after: float) -> None:
        """The broker notices later that a process is gone."""
        lines: list[Line] = [line for line in self.broker.lines if line.process is process]
        for line in lines:
            self.hub.at(self.hub.now + after, lambda line=line: self.broker.cut(line))


@contextmanager
def _patched(parts: Parts) -> Iterator[None]:
    patch = (*parts.patch, (guard.worker.ladder, "Child", parts.signals))
    before = [(module, name, getattr(module, name)) for module, name, _ in patch]
    try:
        for module, name, stand_in in patch:
            setattr(module, name, stand_in)
        yield
    finally:
        for module, name, real in before:
            setattr(module, name, real)
