"""What befalls a schedule: at moments (`draw_misfortunes`), and at places of the code (`Ambushes`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.hub import hub
from tests.simulator.stand_ins import CHANCE

if TYPE_CHECKING:
    from tests.simulator.hub import Thread
    from tests.simulator.world import World

__all__ = ["PLACES", "THEMES", "Ambushes", "draw_misfortunes"]

THEMES = {
    "race": ("word>", "clock", "decided", "starting"),
    "children": ("accepted", "entering", "clock", "decided", "starting", "ended"),
    "agents": (
        "renew>",
        "renew<",
        "word>",
        "word<",
        "acknowledge>",
        "acknowledge<",
        "sql.read>",
        "sql.read<",
        "publish>",
    ),
    "parking": (
        "received",
        "index.claim>",
        "index.claim<",
        "index.begin>",
        "index.begin<",
        "park.publish>",
        "park.publish<",
        "index.parked>",
        "index.parked<",
        "ack>",
        "ack<",
    ),
    "conducting": (
        "change>",
        "change<",
        "publish>",
        "publish<",
        "barrier>",
        "barrier<",
        "roster<",
        "tally<",
        "lock<",
    ),
    "releasing": ("parked.get<", "give back.publish>", "give back.publish<", "index.gone>", "index.gone<"),
    "losing": ("barrier<", "roster>", "roster<", "acknowledge<"),
}
"""Crash points, by who comes by there. Each is between two instructions of which a kill, a pause or a delay
may separate the first from the second. A schedule has one theme."""
PLACES = tuple(sorted({place for places in THEMES.values() for place in places}))

_PAUSES = (0.003, 0.05, 0.3, 1.0, 4.0, 7.0, 12.0)
_MEETINGS = {
    "word>": ("clock", "decided", "entering"),
    "renew<": ("publish<", "change<"),
    "renew>": ("publish<",),
    "sql.read<": ("change<",),
    "publish>": ("sql.read<", "change<"),
    "decided": ("word<", "acknowledge>"),
    "starting": ("acknowledge>", "acknowledge<"),
    "clock": ("word<",),
}
"""Who waits at a place until somebody comes by another one: races are rare by chance alone."""


_CHANCES = {
    "": (0.01, 0.05, 0.2),
    "conducting": (0.05, 0.2),
    "parking": (0.1, 0.3),
    "releasing": (0.2, 0.6),
    "losing": (0.1, 0.4),
}
"""Of something happening at one pass: few come by where jobs are parked and given back."""
_DEEDS = {
    "": (("kill",), ("freeze", "freeze all", "delay"), ("meet", "delay"), ("kill", "freeze", "meet", "cut")),
    "race": (("meet", "meet", "delay"),),
    "parking": (("kill",), ("kill",), ("freeze", "freeze all", "delay"), ("kill", "freeze", "meet", "cut")),
    "releasing": (("kill",), ("kill",), ("freeze", "freeze all", "cut"), ("kill", "freeze", "cut", "delay")),
    "losing": (("lose",), ("fail over",), ("lose", "lose", "freeze", "kill")),
}


class Ambushes:
    """At each pass of a place of the theme something may happen to whoever comes by."""

    def __init__(self, world: World) -> None:
        self._world = world
        dice = world.dice
        self._meeting: dict[str, list[Thread]] = {}
        theme = world.parts.theme or dice.choice(("none", "anywhere", *THEMES))
        places = THEMES.get(theme, PLACES if theme == "anywhere" else ())
        if theme in {
            "releasing",
            "parking",
            "conducting",
            "losing",
        }:  # else the first of these steps has all the accidents
            places = tuple(dice.sample(places, dice.choice((1, 2, len(places)))))
        self._places = frozenset() if world.calm else frozenset(places)
        self._chance = dice.choice(_CHANCES.get(theme, _CHANCES[""]))
        self._left = dice.choice((1, 2, 4, 8)) if theme != "race" else 20
        self._deeds = world.parts.deeds or dice.choice(_DEEDS.get(theme, _DEEDS[""]))
        self._watch()

    def _watch(self) -> None:
        CHANCE.watched = self._places | set(self._meeting)

    def end(self) -> None:
        """No more of them, but a few for those who release: most of that is done now. Who waits goes on."""
        self._places &= frozenset(THEMES["releasing"])
        for place in list(self._meeting):
            self._let_go(place)
        self._watch()

    def meet(self, place: str) -> None:
        """Somebody has come to a place."""
        if self._meeting and place in self._meeting:
            self._let_go(place)
            if hub().current is not None and self._world.dice.random() < 0.5:  # and the other one goes first
                hub().park(self._world.dice.choice(_PAUSES[:4]))
        if place not in self._places:
            return
        dice = self._world.dice
        if dice.random() < self._chance:
            self._left -= 1
            if not self._left:
                self._places = frozenset()
                self._watch()
            self._strike(place, dice.choice(self._deeds))

    def _let_go(self, place: str) -> None:
        for thread in self._meeting.pop(place):
            hub().wake(thread)
        self._watch()

    def _strike(self, place: str, deed: str) -> None:
        now, world = hub(), self._world
        thread = now.current
        if thread is None:
            return
        process = thread.process
        if deed != "kill":
            world.fired[f"{deed.split(maxsplit=1)[0]} at {place}"] += 1
        world.log("ambush", place, deed, process.name)
        if deed == "meet" and place in _MEETINGS:
            self._wait_for(world.dice.choice(_MEETINGS[place]), thread)
        elif deed == "kill":
            _kill(world, process, place)
        elif deed == "cut":
            for line in [line for line in world.broker.lines if line.process is process]:
                world.broker.cut(line)
        elif deed == "lose":
            _wipe(world)
        elif deed == "fail over":
            _failover(world)
        elif deed in {"delay", "meet"}:
            now.park(world.dice.choice(_PAUSES[:5]))
        else:
            world.freeze(
                _machine_of(world, process) if deed == "freeze all" else [process], world.dice.choice(_PAUSES)
            )
            now.sleep(0.0)

    def _wait_for(self, place: str, thread: Thread) -> None:
        self._meeting.setdefault(place, []).append(thread)
        self._watch()
        hub().park(self._world.dice.choice((1.0, 3.0)))
        waiting = self._meeting.get(place)
        if waiting and thread in waiting:
            waiting.remove(thread)


def _kill(world: World, process: Any, place: str) -> None:
    """SIGKILL to whoever came by. Publishers are not killed."""
    child = world.children.get(process.pid)
    dice = world.dice
    fired = f"kill at {place}"
    if child is not None and dice.random() < 0.5:
        world.fired[fired] += 1
        world.kill_child(child)
        return
    for worker in world.workers.values():
        if worker.process is process or (child is not None and child.worker is worker):
            world.fired[fired] += 1
            world.end_worker(worker, orphans=dice.random() < 0.3)
            return
    for person in (world.admin, world.healer):
        if person is not None and process is person.process:
            world.fired[fired] += 1
            world.cut_lines(process, after=0.001)
            world.fired["whoever conducts was killed"] += 1
            world.log("killed", process.name, False)
            world.hub.at(hub().now + dice.uniform(0.1, 2.0), person.start)
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
    kinds = list(_KINDS) if dice.random() < 0.6 else list(_OF_STORES)
    for _ in range(dice.choice((0, 1, 1, 2, 3, 4))):
        kind = dice.choice(kinds)
        moment = dice.uniform(0.3, world.ends_at - 0.5)
        if dice.random() < 0.6:  # just when a window is opened or ended
            moment = min(moment, max(0.3, dice.choice(world.admin.moments) + dice.uniform(-0.3, 1.0)))
        now.at(moment, lambda kind=kind: _happens(world, kind))


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
    """The last writes are lost. Who was connected to the old primary may stay so for a while; it takes no
    writes (A6)."""
    dice, now = world.dice, world.hub
    old = world.redis
    loses_marks = dice.random() < 0.4
    new = old.copy(world.next_name("redis"), with_index=not loses_marks)

    def takes_over() -> None:
        if world.redis is not old or world.healing:
            return
        world.log("failover", old.name, new.name, loses_marks, False)
        old.writes = False
        new.plane._born = now.now
        world.redis = new
        if dice.random() < 0.4:
            world.fired["an old primary went on answering"] += 1
            now.at(now.now + dice.uniform(0.1, 9.0), stop)
        else:
            stop()

    def stop() -> None:
        old.answers = False

    now.at(now.now + dice.choice((0.0, 0.01, 0.2, 0.5, 1.0)), takes_over)
    return True


def _wipe(world: World) -> bool:
    """Redis restarts without its data, the marks too."""
    old = world.redis
    new = type(old)(world.next_name("redis"))
    world.log("failover", old.name, new.name, True, True)
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
        _kill(world, world.admin.process, "any place")
    return True


_OF_STORES = (
    "failover",
    "failover",
    "Redis lost everything",
    "Redis was away",
    "a process was cut off from Redis",
    "a main process was stopped",
    "SQL was away",
    "a worker was killed",
)
"""Together these try the beliefs of agents hardest."""
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
