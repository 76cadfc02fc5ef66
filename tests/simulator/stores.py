"""Redis and SQL in simulated time: the guard's stores in memory, behind a network that loses and doubles.

Each server is the guard's own store in memory. What a process has of it is a client with one connection.
Every call may lose its request, its answer (then it happened), be done twice, or be done after its caller has
given up.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.errors import GuardError, StateInvalid, StoreUnavailable
from guard.store.memory import MemoryControlPlane, MemoryParkedIndex, MemoryTally
from tests.simulator.hub import Killed, hub
from tests.simulator.stand_ins import RECORDS, hiccup

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from tests.simulator.hub import Process, Thread
    from tests.simulator.world import World

__all__ = ["Durable", "Ear", "Index", "Lock", "Plane", "RedisClient", "RedisServer", "Tally"]

_TIMEOUT = 0.5
_LOCK_LASTS = 10.0


class _ServerClock:
    """Its machine's: simulated time itself."""

    def boot(self) -> float:
        return hub().now

    def wall(self) -> float:
        return hub().now


class RedisServer:
    """One server process and its data.

    Attributes:
        answers: until it stops or its connections are cut. `writes`: until it is a primary no longer.
        malformed: whether its record of the state is damaged.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.plane = MemoryControlPlane(_ServerClock())  # type: ignore[arg-type]
        self.plane._server = name
        self.index = MemoryParkedIndex()
        self.tally = MemoryTally()
        self.locks: dict[str, tuple[str, float]] = {}
        self.ears: list[Ear] = []
        self.answers = True
        self.writes = True
        self.malformed = False

    def copy(self, name: str, *, with_index: bool) -> RedisServer:
        """A replica as it is now. Without `with_index` it is told of marks and counters later still."""
        other = RedisServer(name)
        plane, mine = other.plane, self.plane
        plane._state = mine._state
        plane._members = {key: replace(member) for key, member in mine._members.items()}
        plane._waiting = set(mine._waiting)
        plane._departed = set(mine._departed)
        other.malformed = self.malformed
        if with_index:
            other.index, other.tally = self.index, self.tally
        else:
            for key in ("_jobs", "_ids", "_claims", "_entries"):
                setattr(other.index, key, dict(getattr(self.index, key)))
            other.tally._begun = set(self.tally._begun)
            for window, counts in self.tally._counts.items():
                other.tally._counts[window] = counts.copy()
        other.locks = dict(self.locks)
        return other


class RedisClient:
    """One process's connection to Redis. A failed call closes it, the next one makes another."""

    def __init__(self, world: World, process: Process) -> None:
        self.world = world
        self.process = process
        self.server: RedisServer | None = None
        self.connections = 0

    def call(
        self, before: str, after: str, effect: Callable[[RedisServer], Any], *, writes: bool = True
    ) -> Any:
        """Have the server do this, and give its answer.

        Raises:
            StoreUnavailable: no answer. It may have been done, or may be done yet.
        """
        now, world = hub(), self.world
        if not self.process.alive:
            raise Killed
        hiccup(before)
        server = self.server
        if server is None or not server.answers:
            server = self._connect()
        fault = world.fault("redis")
        now.sleep(world.latency())
        if not server.answers or world.is_cut_off(self.process):
            self.server = None
            world.fired["redis did not answer"] += 1
            now.sleep(0.0 if not server.answers else _TIMEOUT)
            raise StoreUnavailable("the connection is broken")
        if writes and not server.writes:
            self.server = None  # as `guard.store.redis.plane` does
            world.fired["a primary that was cut off refused a write"] += 1
            raise StoreUnavailable("not enough replicas to write")
        if fault is not None:
            return self._faulty(fault, server, effect)
        answer = effect(server)
        hiccup(after)
        now.sleep(world.latency())
        if not self.process.alive:
            raise Killed
        return answer

    def _connect(self) -> RedisServer:
        now, world = hub(), self.world
        self.server = None
        now.sleep(world.latency())
        server = world.redis
        if not server.answers or world.is_cut_off(self.process):
            world.fired["redis did not answer"] += 1
            now.sleep(0.0 if world.dice.random() < 0.5 else _TIMEOUT)
            raise StoreUnavailable("Redis does not answer")
        self.server = server
        self.connections += 1
        return server

    def _faulty(self, fault: str, server: RedisServer, effect: Callable[[RedisServer], Any]) -> Any:
        now, world = hub(), self.world
        world.fired[f"redis: {fault}"] += 1
        if fault == "twice":
            effect(server)
            return effect(server)
        if fault == "slow":
            now.sleep(world.dice.uniform(0.05, 0.45))
            answer = effect(server) if server.answers else None
            if answer is None and not server.answers:
                raise StoreUnavailable("the connection is broken")
            return answer
        if fault == "answer lost":
            effect(server)
        elif fault == "late":
            now.at(now.now + world.dice.uniform(0.1, 6.0), lambda: _late(server, effect))
        now.sleep(_TIMEOUT)
        self.server = None
        raise StoreUnavailable(fault)

    def close(self) -> None:
        self.server = None


def _late(server: RedisServer, effect: Callable[[RedisServer], Any]) -> None:
    if server.answers and server.writes:
        with suppress(GuardError):  # nobody hears the answer
            effect(server)


class Plane:
    """`guard.ports.ControlPlane` of one process."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._world = client.world

    @property
    def connections(self) -> int:
        return self._client.connections

    def read(self) -> GuardState:
        def read(server: RedisServer) -> GuardState:
            if server.malformed:
                raise StateInvalid("damaged")
            return server.plane.read()

        return self._client.call("plane.read>", "plane.read<", read, writes=False)  # type: ignore[no-any-return]

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        raise NotImplementedError

    def publish(self, state: GuardState) -> bool:
        def publish(server: RedisServer) -> bool:
            if not server.plane.publish(state):
                return False
            self._wrote(server, state)
            return True

        return self._client.call("publish>", "publish<", publish)  # type: ignore[no-any-return]

    def overwrite(self, state: GuardState) -> None:
        def overwrite(server: RedisServer) -> None:
            server.plane.overwrite(state)
            self._wrote(server, state)

        self._client.call("publish>", "publish<", overwrite)

    def _wrote(self, server: RedisServer, state: GuardState) -> None:
        world = self._world
        server.malformed = False
        world.log("redis", server.name, state.epoch, state.phase.value, state.gate.name, state.window_id)
        record = f"record {len(RECORDS)}"
        RECORDS[record] = state
        for ear in server.ears:
            ear.push("wake", record, world)

    def renew(self, card: Any, report: Any, *, register: bool, epoch: int | None = None) -> Any:
        def renew(server: RedisServer) -> Any:
            answer = server.plane.renew(card, report, register=register, epoch=epoch)
            world.log("registered", card.agent_id)
            if server.malformed:
                raise StateInvalid("damaged")
            return answer

        world = self._world
        sent = hub().boot()
        answer = self._client.call("renew>", "renew<", renew)
        world.log("renewed", card.agent_id, sent, answer.state.epoch, answer.state.gate.name)
        return answer

    def acknowledge(self, agent_id: str, epoch: int, report: Any) -> bool:
        def acknowledge(server: RedisServer) -> bool:
            if not server.plane.acknowledge(agent_id, epoch, report):
                return False
            if not server.plane._waiting:
                for ear in server.ears:
                    ear.push("acknowledged", str(epoch), self._world)
            return True

        self._world.log("acknowledges", agent_id, epoch)
        return self._client.call("acknowledge>", "acknowledge<", acknowledge)  # type: ignore[no-any-return]

    def leave(self, agent_id: str) -> None:
        self._client.call("leave>", "leave<", lambda server: server.plane.leave(agent_id))

    def departed(self, agent_id: str) -> bool:
        return bool(
            self._client.call(
                "plane.read>", "plane.read<", lambda server: server.plane.departed(agent_id), writes=False
            )
        )

    def barrier(self) -> Any:
        return self._client.call("barrier>", "barrier<", lambda server: server.plane.barrier())

    def roster(self) -> Any:
        return self._client.call("roster>", "roster<", lambda server: server.plane.roster(), writes=False)

    def eviction_policy(self) -> str:
        return "noeviction"

    def close(self) -> None:
        self._client.close()


class Ear:
    """`guard.ports.WakeUp`: one subscription. What is pushed may be late or lost."""

    def __init__(self, world: World, process: Process, channel: str) -> None:
        self._world = world
        self._process = process
        self._channel = channel
        self._server: RedisServer | None = None
        self._heard: list[str] = []
        self._waiting: Thread | None = None
        self._retry_at = 0.0

    def wait(self, seconds: float) -> str | None:
        now, world = hub(), self._world
        if self._server is None or not self._server.answers:
            if self._server is not None or now.now < self._retry_at:
                self._server = None
                self._retry_at = max(self._retry_at, now.now + 0.2)
                raise StoreUnavailable("Redis does not push wake-ups at the moment")
            server = world.redis
            if not server.answers or world.is_cut_off(self._process):
                self._retry_at = now.now + 1.0
                raise StoreUnavailable("Redis does not push wake-ups at the moment")
            now.sleep(world.latency())
            self._server = server
            server.ears.append(self)
        if not self._heard and seconds > 0:
            self._waiting = now.current
            now.park(seconds)
            self._waiting = None
        return self._heard.pop(0) if self._heard else None

    def push(self, channel: str, record: str, world: World) -> None:
        if channel != self._channel or not self._process.alive:
            return
        if world.fault("push") is not None:
            world.fired["a wake-up was lost"] += 1
            return
        hub().at(hub().now + world.latency(), lambda: self._arrived(record))

    def _arrived(self, record: str) -> None:
        if self._process.alive and self._server is not None:
            self._heard.append(record)
            if self._waiting is not None:
                waiting, self._waiting = self._waiting, None
                hub().wake(waiting)

    def close(self) -> None:
        if self._server is not None and self in self._server.ears:
            self._server.ears.remove(self)
        self._server = None


class Index:
    """`guard.ports.ParkedIndex` of one process."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def begin(self, job: Any) -> tuple[str, bool]:
        return self._call("index.begin>", "index.begin<", lambda server: server.index.begin(job))  # type: ignore[no-any-return]

    def parked(self, job: Any) -> bool:
        return bool(self._call("index.parked>", "index.parked<", lambda server: server.index.parked(job)))

    def gone(self, job: Any) -> None:
        self._call("index.gone>", "index.gone<", lambda server: server.index.gone(job))

    def claim(self, park_id: str, copy: str) -> bool:
        return bool(
            self._call("index.claim>", "index.claim<", lambda server: server.index.claim(park_id, copy))
        )

    def claim_original(self, publication: str, generation: str) -> bool:
        asked = publication, generation
        return bool(
            self._call("index.claim>", "index.claim<", lambda server: server.index.claim_original(*asked))
        )

    def _call(self, before: str, after: str, effect: Callable[[RedisServer], Any]) -> Any:
        try:
            return self._client.call(before, after, effect)
        except StoreUnavailable:
            self._client.world.log("index failed")
            raise


class Tally:
    """`guard.ports.Tally` of one process."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def begin(self, window_id: str) -> None:
        self._client.call("tally>", "tally<", lambda server: server.tally.begin(window_id))

    def is_whole(self, window_id: str) -> bool:
        return bool(self._client.call("tally>", "tally<", lambda server: server.tally.is_whole(window_id)))

    def add(self, window_id: str, counts: Any, **batch: Any) -> None:
        self._client.call("tally>", "tally<", lambda server: server.tally.add(window_id, counts, **batch))

    def account(self, window_id: str) -> Any:
        return self._client.call("tally>", "tally<", lambda server: server.tally.account(window_id))


class Lock:
    """`guard.ports.Lock`."""

    def __init__(self, client: RedisClient, name: str) -> None:
        self._client = client
        self._name = name
        self._token = client.world.next_name("lock")

    def acquire(self) -> bool:
        def acquire(server: RedisServer) -> bool:
            token, until = server.locks.get(self._name, ("", 0.0))
            if token != self._token and hub().now < until:
                return False
            server.locks[self._name] = (self._token, hub().now + _LOCK_LASTS)
            return True

        return bool(self._client.call("lock>", "lock<", acquire))

    def extend(self) -> bool:
        def extend(server: RedisServer) -> bool:
            token, until = server.locks.get(self._name, ("", 0.0))
            if token != self._token or hub().now >= until:
                return False
            server.locks[self._name] = (token, hub().now + _LOCK_LASTS)
            return True

        return bool(self._client.call("lock>", "lock<", extend))

    def give_back(self) -> None:
        def give_back(server: RedisServer) -> None:
            if server.locks.get(self._name, ("", 0.0))[0] == self._token:
                del server.locks[self._name]

        self._client.call("lock>", "lock<", give_back)


class Durable:
    """`guard.ports.DurableStore` of one process, on the one database of the world (A4: it keeps what it has
    committed). A call may take seconds, or lose its answer."""

    def __init__(self, world: World, process: Process, *, witness: bool = False) -> None:
        self._world = world
        self._process = process
        self._witness = witness

    def _call(self, before: str, after: str, effect: Callable[[], Any]) -> Any:
        now, world = hub(), self._world
        if not self._process.alive:
            raise Killed
        hiccup(before)
        fault = world.fault("sql")
        now.sleep(world.latency())
        if world.sql_away:
            world.fired["SQL did not answer"] += 1
            now.sleep(world.dice.choice((0.0, 1.0)))
            raise StoreUnavailable("the database does not answer")
        if fault == "slow":
            world.fired["sql: slow"] += 1
            now.sleep(world.dice.uniform(0.1, 4.0))
        elif fault is not None and fault != "twice":
            world.fired[f"sql: {fault}"] += 1
            if fault == "answer lost":
                effect()
            now.sleep(1.0)
            raise StoreUnavailable(fault)
        answer = effect()
        hiccup(after)
        now.sleep(world.latency())
        if fault == "slow":
            now.sleep(world.dice.uniform(0.1, 2.0))
        return answer

    def read(self) -> GuardState:
        state = self._call("sql.read>", "sql.read<", self._world.sql.read)
        if self._witness:
            self._world.log("witnessed", self._process.name, state.epoch)
        return state  # type: ignore[no-any-return]

    def change(self, expected_epoch: int, new: GuardState, record: Any) -> None:
        def change() -> None:
            self._world.sql.change(expected_epoch, new, record)
            enters = record.action == "enable"
            self._world.log("sql", "", new.epoch, new.phase.value, new.gate.name, new.window_id, enters)

        self._call("change>", "change<", change)

    def configuration_rows(self) -> Any:
        return self._world.sql.configuration_rows()

    def __getattr__(self, name: str) -> Any:
        there = getattr(self._world.sql, name)
        return lambda *given, **named: self._call("sql.read>", "sql.read<", lambda: there(*given, **named))
