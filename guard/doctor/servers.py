"""Durable store and control plane, asked without changing anything: no migration, no pragma, no key."""

from __future__ import annotations

import functools
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from guard.core.doctor_facts import DurableFacts, HeldLock, PlaneFacts, RedisFacts
from guard.doctor.places import file_place
from guard.errors import StateInvalid, StateMissing, StoreUnavailable
from guard.gates.page import is_alive
from guard.store.redis.client import connect, in_our_words
from guard.store.redis.plane import RedisControlPlane
from guard.store.sql.engine import make_engine, reported
from guard.store.sql.migrate import schema_state
from guard.store.sql.rows import state_of
from guard.store.sql.schedules import SqlSchedules
from guard.store.sql.schema import ROUTINE_LOCKS, ROUTINES, STATE

if TYPE_CHECKING:
    from collections.abc import Collection

    from redis import Redis
    from sqlalchemy import Connection, Engine

    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.doctor.world import World

__all__ = ["DurableSide", "RedisSide"]

_SECONDS = 2.5
_NEEDED = (
    *("EVALSHA", "SCRIPT", "INFO", "SCAN", "HSCAN", "MULTI", "EXEC", "PUBLISH", "SUBSCRIBE", "TIME", "PING"),
    *("GET", "SET", "DEL", "EXISTS", "HGET", "HSET", "HDEL", "HGETALL", "HMGET", "SADD", "SREM", "ZADD"),
)
"""What the guard's own code and scripts use, as far as anybody renames it."""
_LOCKS = ("housekeeping", "release", "sessions")
_HOLDER = re.compile(r"\b(\d+)@(\S+)")
_EPOCH_OF = {
    "mysql": "UNIX_TIMESTAMP(NOW(6))",
    "mariadb": "UNIX_TIMESTAMP(NOW(6))",
    "postgresql": "EXTRACT(EPOCH FROM clock_timestamp())",
}


class DurableSide:
    """The durable store, read only."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._url = str(world.settings.database_url)
        self._opened = False

    @property
    def engine(self) -> Engine:
        """Of its own: the guard's would set SQLite's journal mode, and take a lock for writing to read."""
        self._opened = True
        return make_engine(self._url, timeout=_SECONDS, ours=False)

    def require_ready(self) -> None:
        """As `SqlSchedules` asks; whoever asks here knows that the tables are."""

    def look(self) -> DurableFacts:
        """Reach it, and look at its tables. Raises StoreUnavailable."""
        parsed = make_url(self._url)
        kind, file = parsed.get_backend_name(), None
        if kind == "sqlite":
            path = Path(parsed.database or "guard.db").absolute()
            file = file_place(path)
            if not path.exists():
                return DurableFacts(kind=kind, tables="missing", seconds=0.0, file=file)
        clock = self._world.clock
        with reported(), self.engine.connect() as connection:
            began = clock.boot()
            connection.execute(text("SELECT 1"))
            seconds = clock.boot() - began
            ahead = _ahead(connection, kind, clock.wall)
            used = _connections(connection, kind)
        return DurableFacts(
            kind=kind,
            tables=schema_state(self.engine).value,
            seconds=seconds,
            ahead=ahead,
            file=file,
            connections=used,
        )

    def state(self, facts: DurableFacts) -> GuardState | None:
        """The state; None where the tables are made at first use. Raises StoreUnavailable."""
        if facts.tables == "missing" and facts.kind == "sqlite":
            return None
        if facts.tables != "ready":
            raise StoreUnavailable(f"the guard's tables are {facts.tables}")
        with reported(), self.engine.connect() as connection:
            row = connection.execute(select(STATE)).first()
        if row is None:
            raise StoreUnavailable("the guard's tables hold no state")
        return state_of(row)

    def longest_plan(self, state: GuardState | None) -> float:
        """Seconds of the longest planned window, and of a usual one."""
        usual = float(self._world.settings.maintenance_default_timeout)
        if state is None:
            return usual
        plans = [one.plan for one in SqlSchedules(self).schedules() if one.cancelled_at is None]  # type: ignore[arg-type]
        return max([usual, *(float(plan.duration) for plan in plans)])

    def locks(self, state: GuardState | None) -> list[HeldLock]:
        """Locks of routines and of the automated window that are held now."""
        if state is None:
            return []
        moment = self._world.clock.wall()
        with reported(), self.engine.connect() as connection:
            rows = connection.execute(select(ROUTINE_LOCKS).where(ROUTINE_LOCKS.c.until > moment)).all()
        return [
            HeldLock(name=row.name, holder=row.holder, alive=_lives(row.holder), left=row.until - moment)
            for row in rows
        ]

    def last_run(self, state: GuardState | None, names: Collection[str]) -> float | None:
        """When one of these routines last ran, UTC seconds."""
        if state is None or not names:
            return None
        with reported(), self.engine.connect() as connection:
            query = select(func.max(ROUTINES.c.began_at)).where(ROUTINES.c.name.in_(list(names)))
            found = connection.execute(query).scalar()
        return float(found) if found is not None else None

    def close(self) -> None:
        """Close what was opened here."""
        if self._opened:
            self.engine.dispose()


class RedisSide:
    """The control plane, read only."""

    def __init__(self, world: World) -> None:
        self._world = world

    @functools.cached_property
    def _plane(self) -> RedisControlPlane:
        world = self._world
        return RedisControlPlane(
            world.redis_url, world.keys, secret=world.settings.secret, timeout=_SECONDS, name="guard-doctor"
        )

    @functools.cached_property
    def client(self) -> Redis:
        """Of its own: the control plane's asks INFO before all else, which may be gone. Raises ValueError
        for an
        address that is none."""
        return connect(self._world.redis_url, timeout=_SECONDS, name="guard-doctor")

    def look(self) -> RedisFacts:
        """Reach it, and ask what it is. Raises StoreUnavailable."""
        clock = self._world.clock
        with in_our_words():
            self.client.ping()
            began = clock.boot()
            self.client.ping()
            seconds = clock.boot() - began
            memory, replication = self._info("memory"), self._info("replication")
        return RedisFacts(
            role=str(replication.get("role", "")),
            seconds=seconds,
            ahead=self._ahead(),
            policy=memory.get("maxmemory_policy"),
            used=memory.get("used_memory"),
            limit=memory.get("maxmemory") or None,
            missing=self._missing(),
        )

    def _info(self, section: str) -> dict[str, Any]:
        try:
            told: dict[str, Any] = self.client.info(section)
        except ResponseError:
            return {}
        return told

    def _ahead(self) -> float | None:
        try:
            before = self._world.clock.wall()
            seconds, micros = self.client.time()
            return outside(int(seconds) + int(micros) / 1e6, before, self._world.clock.wall())
        except RedisError:
            return None

    def _missing(self) -> tuple[str, ...] | None:
        """Commands that are needed and not there."""
        try:
            known: Any = self.client.execute_command("COMMAND INFO", *_NEEDED)  # type: ignore[no-untyped-call]
        except (RedisError, ValueError, TypeError, KeyError, IndexError):
            return None
        return tuple(name for name, told in zip(_NEEDED, known, strict=True) if not told)

    def record(self, _server: RedisFacts) -> PlaneFacts:
        """What state it holds. Raises StoreUnavailable."""
        try:
            return PlaneFacts(record="ok", state=self._plane.read())
        except StateMissing:
            return PlaneFacts(record="missing")
        except StateInvalid as error:
            return PlaneFacts(record=str(error))

    def live(self, facts: PlaneFacts) -> GuardState:
        """The state, when it can be believed. Raises StoreUnavailable."""
        if facts.state is None:
            raise StoreUnavailable(f"the guard state is {facts.record}")
        return facts.state

    def roster(self, _server: RedisFacts) -> list[RosterEntry]:
        """All registered agents. Raises StoreUnavailable."""
        return self._plane.roster()

    def locks(self) -> list[HeldLock]:
        """Locks that have no end: they can only be left over."""
        found = []
        with in_our_words():
            for name in _LOCKS:
                key = self._world.keys.lock(name)
                left = int(self.client.pttl(key))
                if left >= -1:
                    lasts = None if left == -1 else left / 1000
                    found.append(HeldLock(name=key, holder="", alive=None, left=lasts))
        return found

    def close(self) -> None:
        """Close what was opened here."""
        if "_plane" in self.__dict__:
            self._plane.close()
        if "client" in self.__dict__:
            self.client.close()
            self.client.connection_pool.disconnect()


def outside(theirs: float, before: float, after: float) -> float:
    """By how much a clock that was read between two readings of ours is ahead; 0 when it may be right."""
    if before <= theirs <= after:
        return 0.0
    return theirs - after if theirs > after else theirs - before


def _ahead(connection: Connection, kind: str, wall: Any) -> float | None:
    expression = _EPOCH_OF.get(kind)
    if expression is None:
        return None
    before = wall()
    theirs = connection.execute(text(f"SELECT {expression}")).scalar()
    return outside(float(theirs or 0.0), before, wall())


def _connections(connection: Connection, kind: str) -> tuple[int, int] | None:
    """In use, and allowed. By the connection that is there: another one may be one too many."""
    if kind not in {"mysql", "mariadb"}:
        return None
    used = connection.execute(text("SHOW GLOBAL STATUS LIKE 'Threads_connected'")).one()
    allowed = connection.execute(text("SHOW GLOBAL VARIABLES LIKE 'max_connections'")).one()
    return int(used[1]), int(allowed[1])


def _lives(holder: str) -> bool | None:
    """Whether the process that a holder's text names runs; None: it is of another machine, or names none."""
    found = _HOLDER.search(holder)
    if found is None or found[2] != socket.gethostname():
        return None
    return is_alive(int(found[1]))
