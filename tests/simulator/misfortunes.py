"""What befalls a schedule: at moments (`draw_misfortunes`), and at places of the code (`Ambushes`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.hub import hub

if TYPE_CHECKING:
    from tests.simulator.hub import Thread
    from tests.simulator.world import World

__all__ = ["PLACES", "Ambushes", "draw_misfortunes"]

PLACES = (
    # in a pool child
    "accepted", "entering", "clock", "decided", "starting", "ended",
    # in an agent
    "renew>", "renew<", "word>", "word<", "acknowledge>", "acknowledge<", "sql.read>", "sql.read<",
    # who receives and parks
    "received", "index.claim>", "index.claim<", "index.begin>", "index.begin<", "park.publish>", "park.publish<",
    "index.parked>", "index.parked<", "ack>", "ack<",
    # who conducts and releases
    "change>", "change<", "publish>", "publish<", "barrier>", "barrier<", "roster<", "tally<",
    "parked.get<", "give back.publish>", "give back.publish<", "index.gone>", "index.gone<", "lock<", "plane.read<",
)
"""Crash points: each is between two instructions of which a kill, a pause or a delay may separate the first from
the second."""

_PAUSES = (0.003, 0.05, 0.3, 1.0, 4.0, 7.0, 12.0)
_MEETINGS = (("word>", "clock"), ("word>", "decided"), ("word>", "entering"), ("renew<", "publish<"), ("renew>", "publish<"),
             ("sql.read<", "change<"), ("publish>", "sql.read<"), ("decided", "word<"), ("starting", "acknowledge>"))


class Ambushes:
    """For a few places, at which pass of which something happens to whoever comes by."""

    def __init__(self, world: World) -> None:
        self._world = world
        dice = world.dice
        self._armed: dict[str, list[tuple[int, str, Any]]] = {}
        self._passes: dict[str, int] = {}
        self._meeting: dict[str, list[Thread]] = {}
        if world.calm:
            return
        for _ in range(dice.choice((0, 1, 2, 3, 5))):
            deed = dice.choice(("kill", "freeze", "freeze", "freeze all", "meet"))
            if deed == "meet":
                place, other = dice.choice(_MEETINGS)
                self._arm(place, deed, other)
            else:
                self._arm(dice.choice(PLACES), deed, dice.choice(_PAUSES))

    def _arm(self, place: str, deed: str, how: Any) -> None:
        nth = int(self._world.dice.expovariate(0.25)) + 1
        self._armed.setdefault(place, []).append((nth, deed, how))

    def end(self) -> None:
        """No more of them; who waits goes on."""
        self._armed = {}
        for place in list(self._meeting):
            self._let_go(place)

    def meet(self, place: str) -> None:
        """Somebody has come to a place."""
        if self._meeting and place in self._meeting:
            self._let_go(place)
        armed = self._armed.get(place)
        if armed is None:
            return
        passed = self._passes[place] = self._passes.get(place, 0) + 1
        for nth, deed, how in armed:
            if nth == passed:
                self._strike(place, deed, how)

    def _let_go(self, place: str) -> None:
        for thread in self._meeting.pop(place):
            hub().wake(thread)

    def _strike(self, place: str, deed: str, how: Any) -> None:
        now, world = hub(), self._world
        thread = now.current
        if thread is None:
            return
        process = thread.process
        world.fired[f"{deed.split()[0]} at {place}"] += 1
        world.log("ambush", place, deed, how, process.name)
        if deed == "meet":
            self._meeting.setdefault(how, []).append(thread)
            now.park(world.dice.choice((1.0, 3.0)))
            waiting = self._meeting.get(how)
            if waiting and thread in waiting:
                waiting.remove(thread)
        elif deed == "kill":
            _kill(world, process)
        else:
            together = _machine_of(world, process) if deed == "freeze all" else [process]
            world.freeze(together, how)
            now.sleep(0.0)


def _kill(world: World, process: Any) -> None:
    child = world.children.get(process.pid)
    dice = world.dice
    if child is not None and dice.random() < 0.5:
        world.kill_child(child)
        return
    for worker in world.workers.values():
        if worker.process is process or (child is not None and child.worker is worker):
            world.end_worker(worker, orphans=dice.random() < 0.3)
            return
    if process is world.admin.process:
        world.cut_lines(process, after=0.001)
        world.fired["whoever conducts was killed"] += 1
        world.log("killed", process.name)
        world.hub.at(hub().now + dice.uniform(0.1, 2.0), world.admin.start)
        hub().kill(process)


def _machine_of(world: World, process: Any) -> list[Any]:
    for worker in world.lives.values():
        mine = [worker.process, *(child.process for child in worker.children)]
        if process in mine:
            return mine
    return [process]


def draw_misfortunes(world: World) -> None:
    """Plan what happens at moments."""
    dice, now = world.dice, world.hub
    kinds = list(_KINDS)
    for _ in range(dice.choice((0, 1, 1, 2, 3, 4))):
        kind = dice.choice(kinds)
        now.at(dice.uniform(0.3, world.ends_at - 0.5), lambda kind=kind: _happens(world, kind))


def _happens(world: World, kind: str) -> None:
    if world.healing:
        return
    world.log("misfortune", kind)
    if _KINDS[kind](world):
        world.fired[kind] += 1


def _some_worker(world: World) -> Any:
    workers = [worker for worker in world.workers.values() if worker.process.alive and not worker.stopping]
    return world.dice.choice(workers) if workers else None


def _kill_worker(world: World) -> bool:
    worker = _some_worker(world)
    if worker is not None:
        world.end_worker(worker, orphans=world.dice.random() < 0.4)
    return worker is not None


def _stop_worker(world: World) -> bool:
    worker = _some_worker(world)
    if worker is not None and hasattr(worker, "agent"):
        worker.stop()
        return True
    return False


def _freeze_machine(world: World) -> bool:
    worker = _some_worker(world)
    if worker is not None:
        processes = [worker.process, *(child.process for child in worker.children)]
        seconds = world.dice.choice(_PAUSES)
        world.freeze(processes, seconds)
        if seconds > 2 and world.dice.random() < 0.4:
            world.cut_lines(worker.process, after=seconds / 2)
    return worker is not None


def _freeze_main(world: World) -> bool:
    worker = _some_worker(world)
    if worker is not None:
        world.freeze([worker.process], world.dice.choice(_PAUSES))
    return worker is not None


def _freeze_child(world: World) -> bool:
    worker = _some_worker(world)
    if worker is not None and worker.children:
        world.freeze([world.dice.choice(worker.children).process], world.dice.choice(_PAUSES))
    return worker is not None


def _kill_child(world: World) -> bool:
    worker = _some_worker(world)
    if worker is not None and worker.children:
        world.kill_child(world.dice.choice(worker.children))
    return worker is not None


def _failover(world: World) -> bool:
    """The last writes are lost. Who was connected to the old primary may stay so for a while; it takes no writes (A6)."""
    from tests.simulator.stores import RedisServer

    dice, now = world.dice, world.hub
    old: RedisServer = world.redis
    loses_marks = dice.random() < 0.4
    new = old.copy(world.next_name("redis"), with_index=not loses_marks)

    def takes_over() -> None:
        if world.redis is not old:
            return
        world.log("failover", old.name, new.name, loses_marks)
        old.writes = False
        new.plane._born = now.now
        world.redis = new
        if dice.random() < 0.4:
            world.fired["an old primary went on answering"] += 1
            now.at(now.now + dice.uniform(0.1, 4.0), stop)
        else:
            stop()

    def stop() -> None:
        old.answers = False

    now.at(now.now + dice.choice((0.0, 0.01, 0.2, 1.0)), takes_over)
    return True


def _wipe(world: World) -> bool:
    """Redis restarts without its data, the marks too."""
    old = world.redis
    new = type(old)(world.next_name("redis"))
    world.log("failover", old.name, new.name, True)
    old.answers = old.writes = False
    world.redis = new
    return True


def _redis_away(world: World) -> bool:
    """Redis stops and comes back with its data, as another process."""
    old, now = world.redis, world.hub
    new = old.copy(world.next_name("redis"), with_index=True)
    old.answers = old.writes = False
    new.answers = new.writes = False
    world.redis = new

    def back() -> None:
        new.answers = new.writes = True
        new.plane._born = now.now

    now.at(now.now + world.dice.uniform(0.1, 8.0), back)
    return True


def _malformed(world: World) -> bool:
    world.redis.malformed = True
    world.log("malformed")
    return True


def _cut_off(world: World) -> bool:
    worker = _some_worker(world)
    process = worker.process if worker is not None and world.dice.random() < 0.7 else world.producer.process
    world.cut_off.add(process)
    world.hub.at(world.hub.now + world.dice.uniform(0.3, 9.0), lambda: world.cut_off.discard(process))
    return True


def _sql_away(world: World) -> bool:
    def back() -> None:
        world.sql_away = False

    world.sql_away = True
    world.hub.at(world.hub.now + world.dice.uniform(0.3, 9.0), back)
    return True


def _broker_restarts(world: World) -> bool:
    def back() -> None:
        world.broker.away = False

    world.broker.stop()
    world.hub.at(world.hub.now + world.dice.uniform(0.1, 4.0), back)
    return True


def _drop_connection(world: World) -> bool:
    if world.broker.lines:
        world.broker.cut(world.dice.choice(world.broker.lines))
        return True
    return False


def _kill_admin(world: World) -> bool:
    if world.admin.process.alive:
        _kill(world, world.admin.process)
    return True


_KINDS = {
    "a worker was killed": _kill_worker,
    "a worker stopped in order": _stop_worker,
    "a machine stood still": _freeze_machine,
    "a main process was stopped": _freeze_main,
    "a child was stopped": _freeze_child,
    "a child was killed": _kill_child,
    "failover": _failover,
    "Redis lost everything": _wipe,
    "Redis was away": _redis_away,
    "the record in Redis was damaged": _malformed,
    "a process was cut off from Redis": _cut_off,
    "SQL was away": _sql_away,
    "the broker restarted": _broker_restarts,
    "a connection to the broker broke": _drop_connection,
    "whoever conducts was stopped": _kill_admin,
}
