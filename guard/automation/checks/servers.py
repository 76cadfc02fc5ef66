"""Questions about database, Redis and machine that several routines ask. The limits are those of the
operational procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.alerts import Severity

if TYPE_CHECKING:
    from guard.automation.notes import Notes
    from guard.automation.world import World
    from guard.observe.machine import DiskUse
    from guard.store.redis.measures import KeyCount, MemoryFigures

__all__ = ["ask_database", "ask_machine", "ask_redis", "ask_redis_memory", "ask_sessions"]

_CONNECTIONS_PERCENT = 80
_REDIS_PERCENT = 90
_DISK_PERCENT = 90
_MEMORY_PERCENT = 85
_LOAD_PER_CORE = 0.8
_MOST_KEYS = 2_000_000
"""Keys that a scan meets at most: some seconds."""


def ask_database(notes: Notes, world: World) -> None:
    """Size and connections."""
    notes.ask("database size", world.database.size, unit="bytes")
    found = notes.ask(
        "database connections",
        world.database.connections,
        shown=lambda pair: {"used": pair[0], "allowed": pair[1]},
    )
    if found is not None:
        used, allowed = found
        if allowed and used > allowed * _CONNECTIONS_PERCENT / 100:
            notes.find(
                Severity.WARNING, "many database connections", f"{used} of {allowed} connections are in use"
            )


def ask_redis(notes: Notes, world: World) -> None:
    """Memory and sessions."""
    ask_redis_memory(notes, world)
    ask_sessions(notes, world)


def ask_redis_memory(notes: Notes, world: World) -> None:
    """Memory in use, and its limit."""

    def shown(memory: MemoryFigures) -> dict[str, int | None]:
        return {"used": memory.used, "limit": memory.limit}

    memory = notes.ask("Redis memory", world.redis.memory, unit="bytes", shown=shown)
    if memory is not None and memory.limit and memory.used > memory.limit * _REDIS_PERCENT / 100:
        notes.find(
            Severity.WARNING,
            "Redis memory nearly full",
            f"Redis uses {100 * memory.used // memory.limit} % of its memory",
        )


def ask_sessions(notes: Notes, world: World) -> None:
    """Keys of sessions in Redis, by a scan. Nothing where none are kept there."""
    prefix = world.settings.guard_session_prefix
    if not prefix:
        return

    def shown(count: KeyCount) -> int | str:
        return count.keys if count.whole else f"at least {count.keys}"

    notes.ask(
        "session keys in Redis", lambda: world.session_redis.count(prefix, at_most=_MOST_KEYS), shown=shown
    )


def ask_machine(notes: Notes, world: World) -> None:
    """Disk, memory and load of the machine that runs the routine."""
    machine = world.machine
    notes.figure("machine", machine.name)
    for folder in ("/", *world.settings.backup_folders):
        _ask_disk(notes, world, folder)
    memory = notes.ask("memory in use", machine.memory_percent, unit="%")
    if memory is not None and memory > _MEMORY_PERCENT:
        notes.find(Severity.WARNING, "memory nearly full", f"{memory:g} % of the memory is in use")
    load = notes.ask("load per core, 5 minutes", machine.load_per_core)
    if load is not None and load > _LOAD_PER_CORE:
        notes.find(Severity.WARNING, "high load", f"the load average of five minutes is {load:g} per core")


def _ask_disk(notes: Notes, world: World, folder: str) -> None:
    def shown(use: DiskUse) -> dict[str, float]:
        return {"total": use.total, "free": use.free, "percent": use.percent}

    use = notes.ask(f"disk of {folder}", lambda: world.machine.disk(folder), unit="bytes", shown=shown)
    if use is not None and use.percent > _DISK_PERCENT:
        message = f"the disk of {folder} is {use.percent:g} % full"
        notes.find(Severity.WARNING, "disk nearly full", message, subject=folder)
