"""The kinds of faults: how each is inflicted on a fleet, and what takes it back.

A kind returns whether it fired: a fault that met nobody does not count. What it did is in the journal
`faults`: `hurt` with the process that it hurt, or with `place` where it hurt everybody who talks to that
server; `healed` when it was over. The judge explains deliveries that came twice by these lines, and by
nothing else.
"""

from __future__ import annotations

import itertools
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
from redis.exceptions import RedisError

from tests.stress.fleet import POOLS
from tests.support.processes import is_gone
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.stress.fleet import Fleet, Member
    from tests.support.mariadb import MariaDB
    from tests.support.rabbitmq import RabbitMQ
    from tests.support.toxic import Toxic

__all__ = ["LEASE", "Scene", "kinds"]

LEASE = 2.0
"""Of the fleet, in seconds."""
SHORT, LONG = (0.3, 1.5), (LEASE + 0.7, LEASE + 2.0)


@dataclass
class Scene:
    """Where faults happen.

    Args:
        later: has something done after so many seconds.
    """

    fleet: Fleet
    chance: random.Random
    later: Callable[[float, Callable[[], object]], None]
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def hurt(self, kind: str, *, process: str = "", pid: int = 0, place: str = "") -> int:
        """Write down that something is hurt from now on."""
        number = next(self._numbers)
        self.fleet.faults.note(
            "hurt", number=number, kind=kind, process=process, pid=pid, place=place, durable=True
        )
        return number

    def healed(self, number: int) -> None:
        """Write down that it is not any more."""
        self.fleet.faults.note("healed", number=number)

    def any_worker(self) -> Member:
        """One of the three workers."""
        return self.fleet.members[self.chance.choice(POOLS)]


def kinds(broker: str, *, disk: bool) -> dict[str, Callable[[Scene], bool]]:
    """All kinds that can happen to a fleet with this broker, by name.

    Args:
        disk: whether the control plane has a disk of its own, which can be filled.
    """
    found: dict[str, Callable[[Scene], bool]] = {
        "kill worker": lambda scene: _kill(scene, scene.any_worker(), "kill worker"),
        "kill main process of prefork": _kill_main,
        "kill pool child": _kill_child,
        "kill orchestrator": lambda scene: _kill(
            scene, scene.fleet.members["orchestrator"], "kill orchestrator"
        ),
        "kill beat": lambda scene: _kill(scene, scene.fleet.members["beat"], "kill beat"),
        "kill producer": lambda scene: _kill(scene, scene.fleet.members["producer"], "kill producer"),
        "freeze worker, shorter than its lease": lambda scene: _freeze(scene, SHORT),
        "freeze worker, longer than its lease": lambda scene: _freeze(scene, LONG),
        "freeze pool child": _freeze_child,
        "freeze main process of prefork": _freeze_main,
        "restart control plane": lambda scene: _crash(scene, scene.fleet.servers.control, "control plane"),
        "restart broker": lambda scene: _crash(scene, scene.fleet.servers.broker, "broker"),
        "restart database": lambda scene: _crash(scene, scene.fleet.servers.database, "database"),
        "freeze control plane": lambda scene: _freeze_server(
            scene, scene.fleet.servers.control, "control plane"
        ),
        "freeze database": lambda scene: _freeze_server(scene, scene.fleet.servers.database, "database"),
        "control plane refuses writes: memory full": lambda scene: _memory_full(
            scene, scene.fleet.servers.control, "control plane"
        ),
        "rolling deploy": _deploy,
    }
    places = {
        "control plane": lambda scene: scene.fleet.servers.to_control,
        "database": lambda scene: scene.fleet.servers.to_database,
        "broker": lambda scene: scene.fleet.servers.to_broker,
    }
    for place, proxy in places.items():
        found[f"{place} slow"] = _proxied(_slow, place, proxy)
        found[f"connections to {place} reset"] = _proxied(_reset, place, proxy)
        found[f"{place} half open"] = _proxied(_half_open, place, proxy)
        found[f"{place} unreachable"] = _proxied(_unreachable, place, proxy)
    found["answers of control plane cut short"] = _proxied(_cut, "control plane", places["control plane"])
    if broker == "redis":
        found["broker refuses writes: memory full"] = _broker_full
    if disk:
        found["control plane refuses writes: disk full"] = _disk_full
    return found


# -- processes ---------------------------------------------------------------------------------------


def _kill(scene: Scene, member: Member, kind: str) -> bool:
    """SIGKILL for the process and all its children; its successor comes soon."""
    if not member.process.alive:
        return False
    scene.hurt(kind, process=member.label)
    member.process.kill()
    _succeed(scene, member)
    return True


def _succeed(scene: Scene, member: Member) -> None:
    def launch() -> None:
        if scene.fleet.members[member.role] is member:
            scene.fleet.launch(member.role)

    scene.later(scene.chance.uniform(0.1, 1.0), launch)


def _kill_main(scene: Scene) -> bool:
    """SIGKILL for the main process alone: its children find out by themselves."""
    member = scene.fleet.members["prefork"]
    if not member.process.alive:
        return False
    scene.hurt("kill main process of prefork", process=member.label)
    member.process.signal(signal.SIGKILL)
    _succeed(scene, member)
    return True


def _children(scene: Scene) -> list[psutil.Process]:
    process = scene.fleet.members["prefork"].process
    return psutil.Process(process.pid).children() if process.alive else []


def _kill_child(scene: Scene) -> bool:
    """SIGKILL for one child of a prefork pool."""
    children = _children(scene)
    if not children:
        return False
    child = scene.chance.choice(children)
    scene.hurt("kill pool child", process=scene.fleet.members["prefork"].label, pid=child.pid)
    child.send_signal(signal.SIGKILL)
    return True


def _freeze(scene: Scene, bounds: tuple[float, float]) -> bool:
    """SIGSTOP for a worker with all its children."""
    member = scene.any_worker()
    if not member.process.alive:
        return False
    number = scene.hurt("freeze", process=member.label)
    try:
        member.process.freeze_group()
    except (AssertionError, psutil.NoSuchProcess):
        member.process.thaw_group()  # a child ended right then
        scene.healed(number)
        return False

    def thaw() -> None:
        member.process.thaw_group()
        scene.healed(number)

    scene.later(scene.chance.uniform(*bounds), thaw)
    return True


def _freeze_main(scene: Scene) -> bool:
    """SIGSTOP for the main process alone, for longer than its lease: its children go on without an agent."""
    member = scene.fleet.members["prefork"]
    if not member.process.alive:
        return False
    number = scene.hurt("freeze", process=member.label)
    member.process.freeze()

    def thaw() -> None:
        member.process.thaw()
        scene.healed(number)

    scene.later(scene.chance.uniform(*LONG), thaw)
    return True


def _freeze_child(scene: Scene) -> bool:
    """SIGSTOP for one child of a prefork pool, wherever it is: between its look and its start, too."""
    children = _children(scene)
    if not children:
        return False
    child = scene.chance.choice(children)
    number = scene.hurt("freeze", process=scene.fleet.members["prefork"].label, pid=child.pid)
    child.suspend()

    def thaw() -> None:
        if not is_gone(child):
            child.resume()
        scene.healed(number)

    scene.later(scene.chance.uniform(*LONG), thaw)
    return True


def _deploy(scene: Scene) -> bool:
    """Each worker is replaced, one after the other: a new one starts, the old one gets its SIGTERM."""
    fleet = scene.fleet

    def replace(role: str) -> None:
        old = fleet.members[role]
        fleet.launch(role)
        if old.process.alive:
            os.killpg(old.process.pid, signal.SIGCONT)  # a frozen process would never see it
            fleet.retire(old)

    for turn, role in enumerate(POOLS):
        scene.later(turn * 0.8, lambda role=role: replace(role))
    scene.fleet.faults.note("deploy")
    return True


# -- servers -----------------------------------------------------------------------------------------


def _crash(scene: Scene, server: Valkey | MariaDB | RabbitMQ, place: str) -> bool:
    """SIGKILL, and a start with what it had on its disk."""
    if not server.process.alive:
        return False
    number = scene.hurt(f"restart {place}", place=place)
    server.crash()

    def start() -> None:
        if not server.process.alive:
            scene.fleet.servers.revive(server)
        scene.healed(number)

    scene.later(scene.chance.uniform(0.1, 1.5), start)
    return True


def _freeze_server(scene: Scene, server: Valkey | MariaDB, place: str) -> bool:
    """SIGSTOP: connected, and answers nothing."""
    if not server.process.alive:
        return False
    number = scene.hurt(f"freeze {place}", place=place)
    server.freeze()

    def thaw() -> None:
        if server.process.alive:
            server.thaw()
        scene.healed(number)

    scene.later(scene.chance.uniform(*scene.chance.choice([SHORT, LONG])), thaw)
    return True


def _memory_full(scene: Scene, server: Valkey, place: str) -> bool:
    if not server.process.alive:
        return False
    number = scene.hurt("memory full", place=place)
    try:
        scene.fleet.servers.set_memory(server, "1")
    except RedisError:  # another fault has frozen it, or ends it right now
        scene.healed(number)
        return False

    def free() -> None:
        with suppress(RedisError):  # as above; in the end `Servers.heal` does it
            if server.process.alive:
                scene.fleet.servers.set_memory(server, "0")
        scene.healed(number)

    scene.later(scene.chance.uniform(1.0, 3.5), free)
    return True


def _broker_full(scene: Scene) -> bool:
    broker = scene.fleet.servers.broker
    assert isinstance(broker, Valkey)
    return _memory_full(scene, broker, "broker")


def _disk_full(scene: Scene) -> bool:
    """Not a byte more fits on the disk of the control plane's append-only file."""
    number = scene.hurt("disk full", place="control plane")
    scene.fleet.servers.fill_disk()

    def free() -> None:
        scene.fleet.servers.empty_disk()
        scene.healed(number)

    scene.later(scene.chance.uniform(1.5, 4.0), free)
    return True


# -- the network -------------------------------------------------------------------------------------


def _proxied(
    fault: Callable[[Scene, Toxic, str], bool], place: str, proxy: Callable[[Scene], Toxic]
) -> Callable[[Scene], bool]:
    return lambda scene: fault(scene, proxy(scene), place)


def _slow(scene: Scene, proxy: Toxic, place: str) -> bool:
    number = scene.hurt("slow", place=place)
    proxy.latency = scene.chance.uniform(0.05, 0.3)

    def end() -> None:
        proxy.latency = 0.0
        scene.healed(number)

    scene.later(scene.chance.uniform(1.0, 3.0), end)
    return True


def _reset(scene: Scene, proxy: Toxic, place: str) -> bool:
    scene.hurt("reset", place=place)
    proxy.reset_all()
    return True


def _half_open(scene: Scene, proxy: Toxic, place: str) -> bool:
    number = scene.hurt("half open", place=place)
    proxy.blackhole = True

    def end() -> None:
        proxy.blackhole = False
        proxy.reset_all()
        scene.healed(number)

    scene.later(scene.chance.uniform(0.5, 3.5), end)
    return True


def _unreachable(scene: Scene, proxy: Toxic, place: str) -> bool:
    number = scene.hurt("unreachable", place=place)
    proxy.down = True

    def end() -> None:
        proxy.down = False
        scene.healed(number)

    scene.later(scene.chance.uniform(0.5, 3.5), end)
    return True


def _cut(scene: Scene, proxy: Toxic, place: str) -> bool:
    """Each connection is reset in the middle of its answers."""
    number = scene.hurt("cut", place=place)
    proxy.cut_after = scene.chance.randrange(20, 400)
    proxy.reset_all()

    def end() -> None:
        proxy.cut_after = None
        proxy.reset_all()
        scene.healed(number)

    scene.later(scene.chance.uniform(1.0, 3.0), end)
    return True
